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

        gate_training(module, gate, options)
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


def gate_training(module: Any, gate: Gate, options: dict[str, Any]) -> None:
    """Let a training wait at the gate before its first step and behind each turn."""
    train, observer = module._train, module.RunObserver

    def gated(run: Any, metrics: Any) -> None:
        precision = run.hardware.precision.value
        if options.get("products"):
            from benchmarks.speed.workers.products import best_rate, packed_rate

            shape = options["products"]
            gate.before = lambda: {
                "attainable": best_rate(*shape, precision),
                "packed": packed_rate(*shape, precision),
            }
        gate.ready(precision=precision, hardware=run.hardware.why, steps=run.plan.limits.steps)
        train(run, metrics)

    class GatedObserver(observer):
        def stepped(self, info: Any) -> None:
            super().stepped(info)
            over = gate.step(info.tokens, info.padding, info.loss_sum / info.count)
            if over and options.get("held_out"):
                from benchmarks.speed.workers.held_out import held_out_loss

                loss = held_out_loss(self.run.state.model, options["held_out"])
                gate.channel.answer(loss=loss)
                gate.channel.stay()

    module._train, module.RunObserver = gated, GatedObserver


if __name__ == "__main__":
    main()
