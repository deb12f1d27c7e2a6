"""What every Ethos-U has: Vela, in the toolchain."""

from runner.backends._ethos_u.compile import compile as compile
