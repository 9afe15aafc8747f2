"""Findings about the padding of batches."""

from ftk.contracts.finding_kinds.making import fact

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

PADDED_LEFT = fact("padded-left", "{model}",
    left="short texts are padded before their first token, because the head reads the last position.",
    left_counted="short texts are padded before their first token, because the head reads the last position. Positions "
    "count from that token, because the model would count padding, too.")
ONE_LENGTH = fact("one-length",
    "{model}: what it computes for a text depends on the padding beside it, so only texts of one length share a batch. "
    "Such batches are smaller, and slower.")
PAD_TOKEN_CHOSEN = fact("pad-token-chosen",
    "the tokenizer names no padding token. '{token}' (id {id}) pads short texts, because {why}. Training "
    "saves it with the model.")
PAD_IDS_DIFFER = fact("pad-ids-differ",
    "padding is token {config} in config.json and token {tokenizer} in the tokenizer. It is token {taken} from now on, "
    "because {why}. Training saves it with both.")
PAD_IDS_STAY = fact("pad-ids-stay",
    "padding is token {config} in config.json and token {tokenizer} in the tokenizer. Both stay: the positions of the "
    "model are counted from the one, which texts may have, and batches are padded with the other.")
PAD_ID_TAKEN = fact("pad-id-taken",
    "the tokenizer names no padding token. config.json does: '{token}' (id {id}). Training saves it with both.")
# fmt: on
