"""Findings about how long and how fast a training is, where its config leaves that open."""

from ftk.contracts.finding_kinds.making import fact, notice, refusal

# fmt: off

CHOSEN_LENGTH = fact("chosen-length", "{epochs:g} epochs ({steps:,} steps) for {rows:,} training windows{validations}",
    "train.epochs=… sets another number")
CHOSEN_RATE = fact("chosen-rate", "learning rate {rate:g}, {why}", "optimizer.lr=… sets another")
FOUND_RATE = fact("found-rate",
    "learning rate {rate:g}, a tenth of the one with the lowest loss ({lowest:.2g}) in {steps:,} steps of a rate test")
KEPT_RECIPE = notice("kept-recipe",
    "{key}={kept}, chosen when the run began; a run that begins now would have {now}",
    "kept; with run.resume=force, {key}=… sets another")
NO_RATE = refusal("no-rate", "the rate test found no rate: {why}", "Name one: optimizer.lr={instead:g}.")
LATE_RATE_TEST = refusal("late-rate-test", "optimizer.lr=find: the run has begun with another rate",
    "A rate is tested before the first step. Name a number, or leave the key out.")
NEW_LAYERS = fact("new-layers", "the top {layers} of {of} layers begin with random weights (model.reinit_layers).")
# fmt: on
