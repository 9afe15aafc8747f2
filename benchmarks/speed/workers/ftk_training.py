"""``ftk pretrain`` and ``ftk finetune`` as their users run them, held at a gate between steps."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.workers.channel import Channel, Gate


def main() -> None:
    """Run the command of the options."""
    channel = Channel()
    options = channel.options
    gate = Gate(channel)
    result: dict[str, Any] = {}

    import ftk.cli
    import ftk.commands.train as command

    train = command.train

    def gated(config: Any, invocation: Any) -> dict[str, Any]:
        # Not before: the command decides when torch is imported, and with which variables.
        import ftk.training.runner as module

        module.Training = gated_training(module.Training, gate, options)  # type: ignore[misc]
        result.update(train(config, invocation))
        return result

    command.train = gated
    code = ftk.cli.run(options["words"])
    if code:
        channel.answer(refused="its last words are in the log")
        channel.stay()
    score = result.get("test", {}).get("f1")
    channel.answer(f1=score, trained=result.get("train"))
    channel.stay()


def gated_training(base: Any, gate: Gate, options: dict[str, Any]) -> Any:
    """The class of a training that waits at the gate before its first step and behind each turn."""

    class GatedTraining(base):
        def _loop(self, state: Any) -> None:
            self._benched = state
            precision = self.hardware.precision.value
            if options.get("products"):
                from benchmarks.speed.workers.products import best_rate, packed_rate

                shape = options["products"]
                gate.before = lambda: {
                    "attainable": best_rate(*shape, precision),
                    "packed": packed_rate(*shape, precision),
                }
            gate.ready(precision=precision, hardware=self.hardware.why, steps=self.plan.horizon.steps)
            super()._loop(state)

        def stepped(self, info: Any) -> None:
            super().stepped(info)
            over = gate.step(info.tokens, info.padding, info.loss_sum / info.count)
            if over and options.get("held_out"):
                from benchmarks.speed.workers.held_out import held_out_loss

                loss = held_out_loss(self._benched.model, options["held_out"])
                gate.channel.answer(loss=loss)
                gate.channel.stay()

    return GatedTraining


if __name__ == "__main__":
    main()
