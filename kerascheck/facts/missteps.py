"""Steps of building a model that Keras refuses, as the script takes them."""

from __future__ import annotations

import enum


class Step(enum.Enum):
    """What is refused."""

    NOT_A_LAYER = "something else stands where a layer is expected"
    NOT_A_CELL = "a layer stands where a recurrent cell is expected"
    NOT_A_TENSOR = "something else stands where a tensor is expected"
    ONE_TENSOR = "a layer that takes several tensors is called on one"
    WRONG_COUNT = "a layer is called on more or fewer tensors than it takes"
    NO_SHAPE = "an input has no shape"
    TWO_SHAPES = "an input is told its shape twice"
    OTHER_TENSOR = "an input is at odds with the tensor that it is given"
    SECOND_INPUT = "a Sequential gets a second input"
    OTHER_INPUT = "a Sequential is built on another shape than its input has"
    OPEN_SIZE = "a layer that needs a size is called where the input leaves it open"
    NO_LAYERS = "a Sequential without layers is used"
    NO_TENSORS = "a model is made of no inputs or no outputs"
    INPUT_KEYS = "the keys of a dictionary of inputs are not the names of the inputs"
    UNKNOWN_LAYER = "a model is asked for a layer that it does not have"
    NOT_BUILT = "a layer or model is asked for what it has only once it is built"
    GONE_METHOD = "a method is called that Keras 3 has no more"
    NO_SUPER = "a class does not call the initializer of the class that it extends"
    RESERVED_NAME = "a class sets an attribute that Keras keeps for itself"
    WEIGHT_ORDER = "`add_weight` is called in the order of Keras 2"
    LOSS_ARGUMENT = "`add_loss` is given something else than a tensor"
    NO_ITEMS = "a data set of one's own has no `__getitem__`"
    FILLED = "a layer is to learn what it was given"
    NO_CALL = "an object is called whose class has no `call`"
    NO_CONFIG = "a class is registered that has no `get_config`"
    COPY_ARGUMENT = "`clone_model` is given what it does not take for a model of this kind"
    SEVERAL_RATES = "the rate of a `MultiOptimizer` is read, which has several"
    INIT_KEYWORD = "a class of the script is given a keyword that its `__init__` does not take"
    MAP_ENTRY = "an `OptimizerMap` is given something else than an optimizer by the name of variables"
