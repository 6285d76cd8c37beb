"""A run that breaks off, for the tests of what is kept."""

from minigrad.train import Callback


class Stop(Callback):
    """Ends the training after a step, as Ctrl-C does; 0 is none."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, run):
        if run.step == self.step:
            run.stop("interrupted")
