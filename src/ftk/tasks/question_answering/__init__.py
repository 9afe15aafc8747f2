"""The words of a text that answer a question, or that there are none."""

from ftk.tasks.question_answering.task import QuestionAnswering

__all__ = ["QuestionAnswering"]
