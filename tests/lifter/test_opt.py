"""Options: defaults as published, every mistake named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from liftpose.lifter.opt import Options, resolve_device


def test_defaults_are_the_published_ones():
    published = {
        "epochs": 30,
        "batch_size": 64,
        "lr": 1e-3,
        "lr_decay": 5000,
        "lr_gamma": 0.9,
        "dropout": 0.5,
        "drop_input": 0.0,
        "linear_size": 1024,
        "num_stage": 2,
        "max_norm": True,
        "noise": None,
        "load": None,
        "resume": False,
        "test": False,
        "predict": False,
        "procrustes": False,
    }
    assert {name: getattr(Options(), name) for name in published} == published


def test_options_are_frozen():
    with pytest.raises(AttributeError):
        Options().epochs = 3


@pytest.mark.parametrize("name", ["data_dir", "exp", "out", "out_dir"])
def test_every_name_of_the_folder_means_it(name):
    assert Options.from_kwargs({name: Path("here")}).out_dir == "here"


def test_the_folder_twice():
    assert Options.from_kwargs({"exp": ""}, out_dir="there").out_dir == "there"
    assert Options.from_kwargs({"out": "here", "exp": "./here"}).out_dir in ("here", "./here")
    with pytest.raises(ValueError, match="given twice"):
        Options.from_kwargs({"out": "here"}, out_dir="there")


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ({}, "residual"),
        ({"epochs": 3, "lr": 0.1, "batch_size": 8}, "residual"),
        ({"linear_size": 8}, "martinez"),
        ({"num_stage": 1}, "martinez"),
        ({"dropout": 0.5}, "martinez"),
        ({"drop_input": 0.1}, "martinez"),
        ({"lr_decay": 10}, "martinez"),
        ({"lr_gamma": 0.5}, "martinez"),
        ({"max_norm": False}, "martinez"),
        ({"network": "martinez"}, "martinez"),
        ({"network": "ridge"}, "ridge"),
    ],
)
def test_a_setting_of_the_published_network_selects_it(given, network):
    assert Options.from_kwargs(given).network == network


def test_statistics_select_the_published_network():
    assert Options.from_kwargs({}, stats_given=True).network == "martinez"
    with pytest.raises(ValueError, match="stats: of the published network only"):
        Options.from_kwargs({"network": "ridge"}, stats_given=True)
    with pytest.raises(ValueError, match="linear_size, dropout: of the published"):
        Options.from_kwargs({"dropout": 0.1, "linear_size": 8, "network": "residual"})


def test_an_unknown_option_names_the_closest():
    with pytest.raises(ValueError, match=r"unknown option 'epoch' .* Did you mean 'epochs'\?"):
        Options.from_kwargs({"epoch": 3})
    with pytest.raises(ValueError, match="There are .*batch_size"):
        Options.from_kwargs({"qqqq": 3})


def test_the_stray_comma_is_explained():
    with pytest.raises(TypeError, match="is a tuple; .* comma"):
        Options.from_kwargs(({"epochs": 15},))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"epochs": 0}, ValueError),
        ({"epochs": 1.5}, TypeError),
        ({"epochs": True}, TypeError),
        ({"epochs": "3"}, TypeError),
        ({"batch_size": 0}, ValueError),
        ({"lr": 0}, ValueError),
        ({"lr": float("nan")}, ValueError),
        ({"dropout": 1.0}, ValueError),
        ({"dropout": -0.1}, ValueError),
        ({"noise": -1.0}, ValueError),
        ({"job": 0}, ValueError),
        ({"seed": -1}, ValueError),
        ({"resume": 1}, TypeError),
        ({"network": "Martinez"}, ValueError),
    ],
)
def test_values_outside_their_range(given, error):
    (name,) = given
    with pytest.raises(error, match=f"{name} is"):
        Options.from_kwargs(given)


def test_numpys_numbers_and_devices_are_taken():
    options = Options.from_kwargs(
        {"epochs": np.int64(3), "lr": np.float32(0.5), "device": torch.device("cpu")}
    )
    assert (options.epochs, options.lr, options.device) == (3, 0.5, "cpu")
    assert type(options.epochs) is int


def test_devices():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert resolve_device("auto").type == expected
    with pytest.raises(ValueError, match="device is 'gpu'"):
        resolve_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="sees no GPU here"):
            resolve_device("cuda:1")
