"""Model files of every generation of Keras, read into facts without Keras."""

from kerascheck.artifact.about import about
from kerascheck.artifact.forms import Form, sniff
from kerascheck.artifact.reader import ModelFacts, given_up, read_model
from kerascheck.artifact.shards import is_shard
from kerascheck.artifact.weight_summary import weight_summary

__all__ = ["Form", "ModelFacts", "about", "given_up", "is_shard", "read_model", "sniff", "weight_summary"]
