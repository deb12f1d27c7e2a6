"""What is read of a machine: from trees of files as real machines show them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import yaml

from runner.core import setting_rules
from runner.hardware import detect as hardware
from runner.hardware.detect import detect
from runner.spec.hardware import Local

PI5_CPU = """\
processor	: {n}
BogoMIPS	: 108.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0b
CPU revision	: 1

"""

PI5 = {
    "proc/cpuinfo": "".join(PI5_CPU.format(n=n) for n in range(4))
    + "Revision	: d04170\nSerial		: 0123456789abcdef\nModel		: Raspberry Pi 5 Model B Rev 1.0\n",
    "proc/meminfo": "MemTotal:        8255632 kB\nMemFree:         6000000 kB\n",
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/sys/kernel/osrelease": "6.6.31+rpt-rpi-2712\n",
    "proc/sys/kernel/arch": "aarch64\n",
    "proc/self/status": "Name:	python\nCpus_allowed:	f\nCpus_allowed_list:	0-3\n",
    "proc/self/cgroup": "0::/user.slice/user-1000.slice\n",
    "sys/devices/system/cpu/online": "0-3\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
    **{f"sys/devices/system/cpu/cpu{n}/topology/core_id": f"{n}\n" for n in range(4)},
    **{f"sys/devices/system/cpu/cpu{n}/topology/physical_package_id": "0\n" for n in range(4)},
    **{f"sys/devices/system/cpu/cpu{n}/cpufreq/scaling_governor": "ondemand\n" for n in range(4)},
}

XEON = {
    "proc/cpuinfo": "".join(
        f"processor	: {n}\nmodel name	: Intel(R) Xeon(R) Platinum 8488C\n"
        "flags		: fpu sse2 sse4_1 sse4_2 avx f16c avx2 fma avx512f avx512_vnni avx512_bf16 amx_bf16 amx_tile "
        "amx_int8 avx_vnni hypervisor\n\n"
        for n in range(4)
    ),
    "proc/meminfo": "MemTotal:       32000000 kB\n",
    "sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
    "sys/class/dmi/id/product_name": "m7i.xlarge\n",
    **{f"sys/devices/system/cpu/cpu{n}/topology/core_id": f"{n // 2}\n" for n in range(4)},
    **{f"sys/devices/system/cpu/cpu{n}/topology/physical_package_id": "0\n" for n in range(4)},
}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_raspberry_pi_5(tmp_path: Path):
    pi = detect(tree(tmp_path, PI5))
    assert (pi.machine, pi.board, pi.cpu) == ("aarch64", "Raspberry Pi 5 Model B Rev 1.0", "Arm Cortex-A76")
    assert (pi.physical_cores, pi.logical_cores, pi.usable_cores) == (4, 4, 4)
    assert pi.isa == ("asimd", "dotprod", "fp16")
    assert (pi.memory_mb, pi.governor, pi.hypervisor) == (8453, "ondemand", None)
    assert (pi.os, pi.kernel) == ("Debian GNU/Linux 12 (bookworm)", "6.6.31+rpt-rpi-2712")
    assert (pi.cpu_limit, pi.memory_limit_mb, pi.unknown) == (None, None, {})


def test_an_x86_virtual_machine_with_two_threads_a_core(tmp_path: Path):
    xeon = detect(tree(tmp_path, XEON))
    assert (xeon.physical_cores, xeon.logical_cores) == (2, 4)
    assert {"sse4_2", "avx2", "fma", "f16c", "avx512_vnni", "amx_int8", "avx_vnni"} <= set(xeon.isa or ())
    assert "sse2" not in (xeon.isa or ())
    assert xeon.hypervisor == "Amazon EC2 m7i.xlarge"


def test_an_unknown_arm_part_is_shown_as_its_number(tmp_path: Path):
    files = {"proc/cpuinfo": "processor : 0\nCPU implementer : 0x61\nCPU part : 0x023\n"}
    assert detect(tree(tmp_path, files)).cpu == "implementer 0x61 part 0x023"


def test_limits_of_a_cgroup_v2_and_of_those_above_it(tmp_path: Path):
    files = {
        "proc/self/cgroup": "0::/box/job\n",
        "sys/fs/cgroup/box/job/cpu.max": "max 100000\n",
        "sys/fs/cgroup/box/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/box/job/memory.max": "536870912\n",
        "sys/fs/cgroup/box/memory.max": "max\n",
    }
    found = detect(tree(tmp_path, files))
    assert (found.cpu_limit, found.memory_limit_mb) == (1.5, 536)


def test_limits_of_a_container_that_sees_its_cgroup_v2_as_the_root(tmp_path: Path):
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "50000 100000\n",
        "sys/fs/cgroup/memory.max": "1073741824\n",
    }
    found = detect(tree(tmp_path, files))
    assert (found.cpu_limit, found.memory_limit_mb) == (0.5, 1073)


def test_limits_of_cgroup_v1(tmp_path: Path):
    files = {
        "proc/self/cgroup": "4:memory:/docker/a\n1:cpu,cpuacct:/docker/a\n0::/\n",
        "sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us": "200000\n",
        "sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes": "2147483648\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    found = detect(tree(tmp_path, files))
    assert (found.cpu_limit, found.memory_limit_mb) == (2.0, 2147)


def test_no_limit_is_none_without_being_unknown(tmp_path: Path):
    files = {
        "proc/self/cgroup": "1:cpu:/\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    found = detect(tree(tmp_path, files))
    assert found.cpu_limit is None
    assert "cpu_limit" not in found.unknown


def test_what_cannot_be_read_is_none_with_a_reason_never_0(tmp_path: Path):
    nothing = detect(tmp_path)
    for field in ("machine", "cpu", "physical_cores", "logical_cores", "usable_cores", "isa", "memory_mb", "governor"):
        assert getattr(nothing, field) is None
        assert nothing.unknown[field]


def test_the_identity_ignores_the_kernel_and_follows_the_governor(tmp_path: Path):
    before = detect(tree(tmp_path, PI5)).identity
    updated = detect(tree(tmp_path, {"proc/sys/kernel/osrelease": "6.6.99\n"})).identity
    slowed = detect(
        tree(tmp_path, {f"sys/devices/system/cpu/cpu{n}/cpufreq/scaling_governor": "powersave\n" for n in range(4)})
    ).identity
    assert before == updated != slowed
    assert len(before) == 12


def test_this_machine_agrees_with_psutil():
    here = detect()
    assert here.logical_cores == psutil.cpu_count()
    assert here.memory_mb == psutil.virtual_memory().total // 10**6
    assert here.usable_cores == len(psutil.Process().cpu_affinity() or [])


def test_it_is_json():
    assert json.loads(json.dumps(detect().as_dict()))["identity"] == detect().identity


def test_it_imports_neither_numpy_nor_psutil():
    code = "import sys, runner.hardware.detect; sys.exit(' '.join({'numpy', 'psutil'} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_yaml_names_the_keys_of_the_settings():
    values = yaml.safe_load((Path(__file__).parents[2] / "conf/hardware/local.yaml").read_text())
    assert values.pop("name") == "local"
    assert setting_rules.build(Local, values, "hardware") == Local()


@pytest.mark.parametrize(
    ("found", "cores"),
    [
        ({"usable_cores": 1, "logical_cores": 8}, 1),
        ({"logical_cores": 8}, 8),
        ({"usable_cores": 4, "cpu_limit": 1.5}, 1),
        ({"usable_cores": 4, "cpu_limit": 0.5}, 1),
        ({"usable_cores": 2, "cpu_limit": 3.0}, 2),
        ({}, None),
    ],
)
def test_usable_are_the_cores_of_affinity_and_quota(found: dict[str, float], cores: int | None) -> None:
    assert hardware.usable(found) == cores
