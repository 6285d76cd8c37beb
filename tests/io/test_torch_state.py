"""States as PyTorch writes them: names, layouts and dtypes mapped, everything that does not fit told."""

import json
import os
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.io import FileError, load, load_torch_state, save_torch_state
from minigrad.nn import Linear, Sequential

WEIGHT = np.array([[1.0, -2.5], [0.15625, 3e30], [-0.0, 2.0**-130]], np.float32)


def written(path, **entries):
    """A safetensors file of (dtype, shape, bytes): also of dtypes that NumPy lacks."""
    header, body = {}, b""
    for name, (dtype, shape, content) in entries.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def bfloat16(array):
    """The upper halves of float32 numbers, and the numbers these are."""
    bits = np.asarray(array, np.float32).view(np.uint32) >> 16
    return bits.astype("<u2").tobytes(), (bits << 16).view(np.float32)


def model():
    mg.manual_seed(0)
    return Sequential(Linear(2, 3), Linear(3, 1))


def states(*models):
    return [{name: array.tolist() for name, array in each.state_dict().items()} for each in models]


def test_bfloat16_is_widened_bit_by_bit(tmp_path):
    content, wanted = bfloat16([*WEIGHT.ravel(), np.inf, -np.inf, np.nan, 1 / 3])
    path = written(
        tmp_path / "a.safetensors",
        before=("F16", [1], np.float16([7]).tobytes()), x=("BF16", [2, 5], content), empty=("BF16", [0, 3], b""),
        number=("BF16", [], bfloat16(1.5)[0]), after=("I64", [1], np.int64([-9]).tobytes()),
    )  # fmt: skip
    found = load(path)
    np.testing.assert_array_equal(found["x"], wanted.reshape(2, 5))
    assert found["x"].dtype == np.float32
    assert found["x"].flags.writeable
    assert (found["empty"].shape, found["number"].tolist()) == ((0, 3), 1.5)
    assert (found["before"].dtype, found["before"].tolist(), found["after"].tolist()) == (np.float16, [7], [-9])


def test_dtypes_that_numpy_lacks_are_named(tmp_path):
    path = written(tmp_path / "a.safetensors", weight=("F8_E4M3", [2], b"\x38\x39"))
    with pytest.raises(FileError, match=r"^load: weight in .* has a dtype that NumPy lacks, got F8_E4M3; write it as"):
        load(path)


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32", "F64"])
@pytest.mark.parametrize("own", ["float16", "float32", "float64"])
def test_weights_take_the_dtype_of_the_model(tmp_path, device, dtype, own):
    values = np.array([[1.0, -2.5]])
    content = bfloat16(values)[0] if dtype == "BF16" else values.astype(f"float{dtype[1:]}").tobytes()
    path = written(tmp_path / "a.safetensors", weight=(dtype, [1, 2], content))
    layer = Linear(2, 1, bias=False).to(device.name, dtype=own)
    assert load_torch_state(layer, path) == ([], [])
    assert (layer.weight.dtype, layer.weight.backend) == (np.dtype(own), device.name)
    assert layer.weight.tolist() == values.tolist()


def test_names_and_layouts_are_mapped():
    source = {"a.kernel": WEIGHT.T, "a.bias": np.ones(3), "b.kernel": np.full((3, 1), 2.0), "b.bias": np.zeros(1)}
    source["mask"] = np.ones((4, 4), bool)

    def rename(name):
        return None if name == "mask" else name.replace("a.", "0.").replace("b.", "1.").replace("kernel", "weight")

    by_function, by_mapping = model(), model()
    by_function.load_state_dict(by_mapping.state_dict())
    convert = {"*.weight": np.transpose}
    assert load_torch_state(by_function, source, rename=rename, convert=convert) == ([], [])
    assert load_torch_state(by_mapping, source, True, {name: rename(name) for name in source}, convert) == ([], [])
    assert states(by_function) == states(by_mapping)
    np.testing.assert_array_equal(by_function[0].weight.numpy(), WEIGHT)
    assert by_function[1].weight.tolist() == [[2.0, 2.0, 2.0]]


def test_missing_and_unexpected_names_are_listed_and_nothing_changes():
    own, before = model(), states(model())
    source = {"0.weight": WEIGHT, "0.b": np.ones(3), "extra": np.ones(1)}
    with pytest.raises(ShapeError, match=r"missing \['0\.bias', '1\.weight', '1\.bias'\] and unexpected \['extra'\]"):
        load_torch_state(own, source, rename={"0.b": None})
    with pytest.raises(ShapeError, match=r"0\.bias has \(4,\) and must have \(3,\)"):
        load_torch_state(own, {"0.weight": WEIGHT, "0.bias": np.ones(4)}, strict=False)
    assert states(own) == before
    unmatched = load_torch_state(own, source, strict=False, rename={"0.b": "0.bias"})
    assert unmatched.missing == ["1.weight", "1.bias"]
    assert unmatched.unexpected == ["extra"]
    assert own[0].bias.tolist() == [1.0, 1.0, 1.0]


def test_arguments_that_mean_nothing():
    own, source = model(), model().state_dict()
    before = states(own)
    for error, message, options in (
        (ArgumentError, r"rename gives two entries one name, got 'x' for '0\.bias' too", {"rename": lambda name: "x"}),
        (DTypeError, r"rename gives a name or None, got 3 for '0\.weight'", {"rename": {"0.weight": 3}}),
        (DTypeError, r"rename is a dict or a function of a name, got 5", {"rename": 5}),
        (ArgumentError, r"rename has a name that nothing has, got '0\.w'", {"rename": {"0.w": "0.weight"}}),
        (ArgumentError, r"convert has a pattern that fits no name, got '\*\.w'", {"convert": {"*.w": np.transpose}}),
        (DTypeError, r"convert is a dict of functions .*, got \[1\]", {"convert": [1]}),
        (DTypeError, r"convert is a dict of functions .*, got <.*", {"convert": np.transpose}),
        (DTypeError, r"convert is a dict of functions .*, got \{'0\.bias': 3\}", {"convert": {"0.bias": 3}}),
        (DTypeError, r"convert is a dict of functions .*, got \{3: .*", {"convert": {3: np.transpose}}),
    ):
        with pytest.raises(error, match=rf"^load_torch_state: {message}; "):
            load_torch_state(own, source, **options)
    with pytest.raises(DTypeError, match=r"^load_torch_state: model is a Layer, got dict; pass the model first"):
        load_torch_state(source, own)
    with pytest.raises(DTypeError, match=r"^load_torch_state: a path is text or a Path, got 5"):
        load_torch_state(own, 5)
    with pytest.raises(DTypeError, match=r"0\.weight must be an array of real numbers, got str"):
        load_torch_state(own, source | {"0.weight": "text"})
    float8 = type("Tensor", (), {"__module__": "torch", "dtype": "torch.float8_e4m3fn", "numpy": lambda self: int([])})
    float8.detach = float8.cpu = lambda self: self
    with pytest.raises(
        DTypeError,
        match=r"^load_torch_state: 0\.bias must be a tensor that NumPy can hold, got torch\.float8_e4m3fn \(",
    ):
        load_torch_state(own, source | {"0.bias": float8()})
    with pytest.raises(
        DTypeError, match=r"^load_torch_state: source is a file or arrays by name, got Sequential; pass its"
    ):
        load_torch_state(own, model())
    assert states(own) == before


def test_one_part_alone_names_the_whole(tmp_path):
    part = tmp_path / "model-00001-of-00002.safetensors"
    save_torch_state(model(), part, rename={"1.bias": None})
    with pytest.raises(
        ShapeError, match=r"^load_torch_state: .* one part of several, .* model\.safetensors\.index\.json "
    ):
        load_torch_state(model(), part)
    assert load_torch_state(model(), part, strict=False) == (["1.bias"], [])


def test_a_state_in_several_files(tmp_path):
    source, other = Sequential(Linear(2, 3), Linear(3, 1)), model()
    state = source.state_dict()
    places = {name: f"part-{name[0]}.safetensors" for name in state}
    for part in set(places.values()):
        save_file({name: state[name] for name in state if places[name] == part}, tmp_path / part)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert load_torch_state(other, index) == ([], [])
    assert states(other) == states(source)

    index.write_text(json.dumps({"weight_map": places | {"2.bias": "part-0.safetensors"}}))
    with pytest.raises(FileError, match=r"^load_torch_state: part-0\.safetensors lacks what .*, got no '2\.bias'; "):
        load_torch_state(other, index)
    index.write_text(json.dumps({"weight_map": places}))
    (tmp_path / "part-1.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"^load_torch_state: there is no such file, got .*part-1\.saf"):
        load_torch_state(other, index)
    for text in (
        "[1]", "{}", '{"weight_map": 1}', '{"weight_map": {"a": 1}}', '{"weight_map": {"a": "../a.safetensors"}}',
        '{"weight_map": {"a": "a.bin"}}', '{"weight_map": []}', '"text"',
    ):  # fmt: skip
        index.write_text(text)
        with pytest.raises(FileError, match=r"index\.json is no index of safetensors files, got .*; fetch it again"):
            load_torch_state(other, index)
    for text in ("", "{", "[" * 100_000, "\x00"):
        index.write_text(text)
        with pytest.raises(FileError, match=r"^load_torch_state: .*index\.json is no JSON, got .*; fetch it again"):
            load_torch_state(other, index)


def test_an_index_may_begin_with_a_mark(tmp_path):
    save_torch_state(model(), tmp_path / "a.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": dict.fromkeys(model().state_dict(), "a.safetensors")}), "utf-8-sig")
    assert load_torch_state(model(), index) == ([], [])


def test_names_that_no_file_can_have(tmp_path):
    for name, error in (("a\0", ArgumentError), ("\ud800", ArgumentError), ("a" * 5000, OSError)):
        path = tmp_path / f"{name}.safetensors"
        with pytest.raises(error, match=r"^load_torch_state: .*; c(orrect it|heck the path)$"):
            load_torch_state(model(), path)
        with pytest.raises(error, match=r"^save_torch_state: .*; c(orrect it|heck the path)$"):
            save_torch_state(model(), path)


def test_what_is_neither_file_nor_folder_is_refused_and_not_waited_for(tmp_path):
    (tmp_path / "a.safetensors").symlink_to(os.devnull)
    with pytest.raises(FileError, match=r"^load_torch_state: .*, got a pipe or a device, .*; copy it into a file$"):
        load_torch_state(model(), tmp_path / "a.safetensors")


def test_files_that_cannot_be_read(tmp_path):
    own, path = model(), tmp_path / "a.safetensors"
    before = states(own)
    content, _ = bfloat16(WEIGHT)
    whole = written(path, weight=("BF16", [3, 2], content)).read_bytes()
    for damaged in (b"", whole[:4], whole[:30], whole[:-1], b"another kind of file" * 9):
        path.write_bytes(damaged)
        with pytest.raises(FileError, match=r"^load_torch_state: .*a\.safetensors is damaged, cut short, or no "):
            load_torch_state(own, path)
    with pytest.raises(FileNotFoundError, match=r"^load_torch_state: there is no such file, got .*none\.safetensors"):
        load_torch_state(own, tmp_path / "none.safetensors")
    (tmp_path / "a.pt").write_bytes(b"pickled")
    with pytest.raises(
        FileError, match=r"^load_torch_state: reads \.safetensors .*, got 'a\.pt'; a pickle may run code"
    ):
        load_torch_state(own, tmp_path / "a.pt")
    with pytest.raises(
        IsADirectoryError, match=r"^load_torch_state: this is a folder and no file, got .*; name a file"
    ):
        load_torch_state(own, tmp_path)
    assert states(own) == before


class Tied(Sequential):
    """Two layers of one weight."""

    def __init__(self):
        super().__init__(Linear(3, 3), Linear(3, 3, bias=False))
        self[1].weight = self[0].weight


def test_what_is_written_is_plain_safetensors(tmp_path, device):
    path = tmp_path / "a.safetensors"
    own = Tied().to(device.name)
    save_torch_state(own, path)
    found = load_file(path)
    assert sorted(found) == ["0.bias", "0.weight", "1.weight"]  # what is shared stands under each of its names
    assert {name: array.tolist() for name, array in found.items()} == states(own)[0]
    save_torch_state(own, path, rename={"1.weight": None, "0.bias": "b"})
    assert sorted(load_file(path)) == ["0.weight", "b"]
    other = Tied()
    assert load_torch_state(other, path, rename={"b": "0.bias"}) == ([], [])
    assert states(other) == states(own)


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(FileError, match=r"^save_torch_state: writes safetensors, got 'a\.pt'; let it end in"):
        save_torch_state(model(), tmp_path / "a.pt")
    with pytest.raises(ArgumentError, match=r"^save_torch_state: rename gives two entries one name, got 'x'"):
        save_torch_state(model(), tmp_path / "a.safetensors", rename=lambda name: "x")
    with pytest.raises(DTypeError, match=r"^save_torch_state: model is a Layer, got dict"):
        save_torch_state({}, tmp_path / "a.safetensors")
    with pytest.raises(FileNotFoundError, match=r"^save_torch_state: the file cannot be written"):
        save_torch_state(model(), tmp_path / "no folder" / "a.safetensors")
    for name, message in (("__metadata__", "safetensors keep this name"), ("\ud800", "a name is no text")):
        with pytest.raises(ArgumentError, match=f"^save_torch_state: {message}.*, got "):
            save_torch_state(model(), tmp_path / "a.safetensors", rename={"0.bias": name})
    assert not list(tmp_path.iterdir())
