"""A short sample of `benchmarks/onnx_corpus.py`: cases of every kind that once failed, and of some that always ran."""

from __future__ import annotations

import pytest

from benchmarks import onnx_corpus

RUNS = (
    "abs", "add_bcast", "conv_with_strides_padding", "batchnorm_epsilon", "gather_0", "matmul_2d", "lstm_defaults",
    "constant", "shape", "reshape_zero_dim", "reduce_sum_empty_set", "concat_1d_axis_0",
    "split_zero_size_splits_opset13",
    "nonzero_example", "unique_sorted_without_axis", "clip_default_min", "isnan", "isinf", "log", "div_uint8",
    "castlike_BFLOAT16_to_FLOAT", "cast_FLOAT_to_FLOAT8E5M2", "castlike_FLOAT8E5M2_to_FLOAT", "cast_INT4_to_FLOAT",
    "cast_FLOAT_to_UINT4", "cast_FLOAT_to_BFLOAT16", "equal_string", "string_concat",
    "ai_onnx_ml_label_encoder_string_int",
    "identity_sequence", "sequence_insert_at_back", "sequence_map_identity_1_sequence", "identity_opt",
    "optional_has_element_optional_input", "if_seq", "loop11", "range_float_type_positive_delta",
    "resize_upsample_sizes_nearest",
    "resize_downsample_scales_linear", "training_dropout", "slice_negative_axes", "reflect_pad", "top_k", "tril_zero",
)  # fmt: skip
REFUSED = ("image_decoder_decode_png_rgb", "adam", "cast_FLOAT_to_INT2", "flexattention", "roialign_mode_max")


@pytest.mark.slow
def test_what_a_bare_session_runs_is_equal_and_what_it_refuses_is_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    found = onnx_corpus.through([f"test_{name}" for name in (*RUNS, *REFUSED)], "onnxruntime")
    assert onnx_corpus.report(found, "onnxruntime") == 0, capsys.readouterr().out
