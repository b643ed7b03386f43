import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.plot import plot_log_train, read_log_train

HEADER = "epoch\tlr\tloss_train\tloss_test\terr_test\n"


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_our_log_gives_five_lists(tmp_path):
    rows = "1\t1e-3\t0.5\t0.75\t2.5\n2\t5e-4\t0.25\tnan\tnan\n"
    (tmp_path / "train_log.txt").write_text(HEADER + rows)
    epoch, lr, loss_train, loss_test, err_test = read_log_train(str(tmp_path))
    assert epoch == [1, 2]
    assert all(type(number) is int for number in epoch)
    assert lr == [1e-3, 5e-4]
    assert loss_train == [0.5, 0.25]
    assert loss_test[0] == 0.75
    assert math.isnan(loss_test[1])
    assert err_test[0] == 2.5
    assert math.isnan(err_test[1])


def test_log_of_the_original_has_no_test_error(tmp_path):
    (tmp_path / "log_train.txt").write_text(
        "epoch\tlr\tloss_train\tloss_test\t\n1\t0.00100\t0.93421\t0.81200\t\n"
        "2\t0.00096\t0.51000\t0.60000\t\n"
    )
    epoch, lr, loss_train, loss_test, err_test = read_log_train(tmp_path)
    assert (epoch, lr) == ([1, 2], [0.001, 0.00096])
    assert (loss_train, loss_test) == ([0.93421, 0.51], [0.812, 0.6])
    assert len(err_test) == 2
    assert all(math.isnan(value) for value in err_test)


def test_our_log_goes_before_that_of_the_original(tmp_path):
    (tmp_path / "train_log.txt").write_text(HEADER + "7\t1\t2\t3\t4\n")
    (tmp_path / "log_train.txt").write_text("epoch\tlr\tloss_train\tloss_test\t\n9\t0\t0\t0\t\n")
    assert read_log_train(tmp_path) == ([7], [1.0], [2.0], [3.0], [4.0])


def test_header_alone_gives_empty_lists(tmp_path):
    (tmp_path / "train_log.txt").write_text(HEADER)
    assert read_log_train(tmp_path) == ([], [], [], [], [])


def test_folder_without_a_log(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"train_log\.txt.*log_train\.txt"):
        read_log_train(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_log_train(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected the tab-separated header 'epoch lr"),
        ("epoch lr loss\n1 2 3\n", "line 1: expected the tab-separated header"),
        (HEADER + "1\t2\t3\t4\t5\n2\t3\t4\n", r"line 3: expected 5 tab-separated numbers.*got 3"),
        (HEADER + "1\t2\t3\t4\tlots\n", "line 2: expected a number for err_test, got 'lots'"),
        (HEADER + "1.5\t2\t3\t4\t5\n", "line 2: expected a whole number for epoch, got '1.5'"),
        (HEADER + "nan\t2\t3\t4\t5\n", "line 2: expected a whole number for epoch, got 'nan'"),
    ],
)
def test_malformed_log_names_the_line(tmp_path, text, message):
    (tmp_path / "train_log.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_log_train(tmp_path)


def test_curves_hold_the_losses(ax):
    train, test = plot_log_train(ax, [3.0, 2.0, 1.5], [4.0, 3.0, 2.5], [1, 2, 3])
    np.testing.assert_array_equal(train.get_xydata(), [[1, 3], [2, 2], [3, 1.5]])
    np.testing.assert_array_equal(test.get_xydata(), [[1, 4], [2, 3], [3, 2.5]])
    assert ax.get_xlabel() == "Epoch"
    assert ax.get_ylabel() == "Loss"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "test"]
    assert train.get_color() != test.get_color()


def test_no_truth_draws_no_test_curve(ax):
    curves = plot_log_train(ax, [3.0, 2.0], [np.nan, np.nan], [1, 2])
    assert len(curves) == len(ax.lines) == 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train"]


def test_epoch_between_gaps_is_a_dot(ax):
    loss = [1.0, 1.0, np.nan, 1.0, np.nan, 1.0]
    (curve, _) = plot_log_train(ax, loss, [1.0] * 6, range(1, 7))
    assert curve.get_marker() == "o"
    assert list(curve.get_markevery()) == [3, 5]


@pytest.mark.parametrize(
    ("loss", "scale"), [([1.0, 0.2], "linear"), ([1.0, 0.01], "log"), ([1.0, 0.0], "linear")]
)
def test_wide_range_of_positive_losses_is_logarithmic(ax, loss, scale):
    plot_log_train(ax, loss, loss, [1, 2])
    assert ax.get_yscale() == scale


def test_lengths_must_agree(ax):
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\) and \(2,\)"):
        plot_log_train(ax, [1, 2, 3], [1, 2], [1, 2])


def test_losses_are_not_changed(ax):
    loss = np.array([2.0, np.nan, 1.0])
    curve, _ = plot_log_train(ax, loss, loss, [1, 2, 3])
    np.testing.assert_array_equal(loss, [2.0, np.nan, 1.0])
    assert not np.shares_memory(curve.get_ydata(orig=True), loss)


def test_epochs_go_by_either_name_once():
    losses = [1.0, 0.5], [1.1, 0.7]
    for given in ({"epoch": [1, 2]}, {"epochs": [1, 2]}):
        (train, _) = plot_log_train(Figure().add_subplot(), *losses, **given)
        np.testing.assert_array_equal(train.get_xdata(), [1, 2])
    for given in ({}, {"epoch": [1, 2], "epochs": [1, 2]}):
        with pytest.raises(TypeError, match="give the numbers of the epochs once"):
            plot_log_train(Figure().add_subplot(), *losses, **given)
