"""Rows on optimizers, averages, schedules, clipping, and layers that act in training."""

import math

from tests.articles.rows import right, wrong

__all__ = ["ROWS"]

T = "Averages"
AVERAGES = [
    right(T, "An EWMA remembers about 1/(1 - beta) values: ten for 0.9", "share of the last ten: 1 - 0.9^10",
          "averaged(0.9, [1.0] * 10)[0]", 1 - 0.9**10, "about 1 - 1/e; what is older weighs a third"),
    right(T, "An EWMA remembers about 1/(1 - beta) values: fifty for 0.98", "share of the last fifty: 1 - 0.98^50",
          "averaged(0.98, [1.0] * 50)[0]", 1 - 0.98**50),
    right(T, "Without correction an average of temperatures starts far too low: 0.8 for a first day of 40",
          "v = beta v + (1 - beta) x from 0", "averaged(0.98, [40.0])[0]", 0.8, printed=0.8),
    right(T, "Bias correction repairs the start: 40", "v / (1 - beta^t)", "averaged(0.98, [40.0])[1]", 40.0,
          printed=40.0, digits=2),
    right(T, "Corrected average of days of 40 and 49, beta 0.98", "(0.98 * 0.02 * 40 + 0.02 * 49) / (1 - 0.98^2)",
          "averaged(0.98, [40.0, 49.0])[1]", (0.98 * 0.02 * 40 + 0.02 * 49) / (1 - 0.98**2)),
]  # fmt: skip

MU = [0.9 * (1 - 0.96 ** (0.004 * t) / 2) for t in (1, 2)]  # NAdam's momenta of the first steps

T = "Optimizers"
OPTIMIZERS = [
    right(T, "1,000,000 rows in batches of 128 are 7,813 updates", "ceil(1,000,000 / 128)", "updates(1_000_000, 128)",
          7813, printed=7813, digits=0),
    right(T, "The same without the last, smaller batch", "floor(1,000,000 / 128)",
          "updates(1_000_000, 128, drop_last=True)", 7812, digits=0),
    right(T, "Momentum, gradients 1, 1, 1: a running sum", "b = 0.9 b + g, p = p - 0.1 b",
          "moves(lambda p: optim.Momentum(p, lr=0.1), [1, 1, 1])", [-0.1, -0.19, -0.271]),
    right(T, "Averaged momentum, gradients 1, 1, 1", "v = 0.9 v + 0.1 g from 0, p = p - 0.1 v",
          "moves(lambda p: optim.Momentum(p, lr=0.1, average=True), [1, 1, 1])", [-0.01, -0.019, -0.0271]),
    right(T, "Averaged momentum is heavy-ball momentum at another rate", "lr (1 - mu), but for the first step",
          "moves(lambda p: optim.Momentum(p, lr=0.01), [0, 1, 1])[1:]", [-0.01, -0.019],
          "the row above, one step later: the first gradient is a 0"),
    right(T, "Nesterov's step, gradients 1, 1", "b = 0.9 b + g, p = p - 0.1 (g + 0.9 b)",
          "moves(lambda p: optim.NAG(p, lr=0.1), [1, 1])", [-0.19, -0.271]),
    right(T, "Adagrad's rate only shrinks: after 100 equal gradients a tenth of the first step", "lr g / sqrt(sum g^2)",
          "moves(lambda p: optim.Adagrad(p, lr=0.1), [1] * 100)[-1]", -0.01),
    right(T, "RMSProp's rate stays useful: after 100 equal gradients still about lr",
          "lr g / sqrt(v), v = 1 - alpha^100", "moves(lambda p: optim.RMSProp(p, lr=0.1, alpha=0.9), [1] * 100)[-1]",
          -0.1 / math.sqrt(1 - 0.9**100)),
    right(T, "Adam's first step is lr, whatever the gradient", "m^ / sqrt(v^) = g / abs g",
          "[moves(lambda p: optim.Adam(p, lr=0.1), [g])[0] for g in (1e-3, 1, 1e3)]", [-0.1, -0.1, -0.1]),
    right(T, "Without bias correction Adam's first step is wrong", "(1 - 0.9) / sqrt(1 - 0.999) times lr",
          "averaged(0.9, [1.0])[0] / np.sqrt(averaged(0.999, [1.0])[0])", 0.1 / math.sqrt(0.001),
          "more than three times too long"),
    wrong(T, "Adam doubles the memory of the weights", "p, m and v", "memory_of(optim.Adam)", 3,
          "two states beside each weight: three times the weights alone", printed=2, digits=0),
    right(T, "Momentum keeps one state per weight", "p and b", "memory_of(optim.Momentum)", 2, digits=0),
    wrong(T, "Adam contains NAG", "its step is m^ / sqrt(v^), with no gradient beside m^",
          "moves(lambda p: optim.Adam(p, lr=0.1), [1, 0])[1]", -0.1 * (0.09 / 0.19) / math.sqrt(0.999e-3 / 1.999e-3),
          "NAdam does: for gradients 1, 0 Adam's second step is m^ / sqrt(v^) alone"),
    right(T, "NAdam contains NAG", "lr (1 + mu_2 m / (1 - mu_1 mu_2)), the gradient beside the average",
          "moves(lambda p: optim.NAdam(p, lr=0.1), [1])[0]",
          -0.1 * (1 + MU[1] * 0.1 / (1 - MU[0] * MU[1])), "mu_t = 0.9 (1 - 0.96^(0.004 t) / 2)"),
    right(T, "AdamW is not Adam with L2: a weight of 1 without gradient, decay 0.5, lr 0.1", "p (1 - lr wd)",
          "after_one_step(lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.5), 1, 0)", 0.95),
    right(T, "AdamW is not Adam with L2: the same with L2", "g = wd p, and a first step of lr",
          "after_one_step(lambda p: optim.Adam(p, lr=0.1, weight_decay=0.5), 1, 0)", 0.9),
    right(T, "Clipping by the norm at 1 keeps the direction: [6, 8]", "g min(1, 1 / norm)", "clipped([6, 8], 1.0)",
          [0.6, 0.8]),
    right(T, "Adaptive clipping bounds the gradient by a hundredth of the weights' norm: [0.6, 0.8] for weights [3, 4]",
          "g min(1, 0.01 norm w / norm g)", "clipped([0.6, 0.8], 0.01, [3.0, 4.0], optim.adaptive_grad_clip)",
          [0.03, 0.04]),
]  # fmt: skip

T = "Schedules"
SCHEDULES = [
    right(T, "Step decay: from 0.1 to 0.01 at epoch 50", "lr gamma^floor(s / 50)",
          "[schedules.step_decay(0.1, 50)(s) for s in (49, 50)]", [0.1, 0.01], printed=[0.1, 0.01]),
    right(T, "Exponential decay by 0.9, after ten epochs", "lr gamma^s", "schedules.exponential_decay(0.1, 0.9)(10)",
          0.1 * 0.9**10),
    right(T, "Time-based decay of 0.1 at rate 0.1, after ten epochs", "lr / (1 + rate epoch)",
          "schedules.inverse_time_decay(0.1, 0.1)(10)", 0.05, "and not lr / (1 + epoch), nor lr (1 - rate epoch)"),
    right(T, "Cosine decay: start, middle, end", "(lr / 2) (1 + cos(pi s / T))",
          "[schedules.cosine(0.1, 100)(s) for s in (0, 50, 100)]", [0.1, 0.05, 0]),
    right(T, "Warm-up over four steps, then cosine", "lr (s + 1) / 5 for s < 4",
          "[schedules.warmup_cosine(0.1, 4, 104)(s) for s in (0, 3, 4, 54)]", [0.02, 0.08, 0.1, 0.05]),
]  # fmt: skip

T = "Activations, losses, dropout"
OTHERS = [
    right(T, "Dropout(0.2) drops a fifth and scales the rest by 1 / (1 - p)", "x m / (1 - p)", "dropped(0.2)",
          [0, 1.25]),
    right(T, "Cross-entropy of an untrained net on ten classes is ln 10", "-ln(1/10)",
          "F.cross_entropy(np.zeros((1, 10)), np.array([3]))", math.log(10)),
    right(T, "GELU of 1, exact and by tanh", "x/2 (1 + erf(x / sqrt 2))",
          "[F.gelu(np.array(1.0)), F.gelu(np.array(1.0), 'tanh')]",
          [(1 + math.erf(1 / math.sqrt(2))) / 2, (1 + math.tanh(math.sqrt(2 / math.pi) * 1.044715)) / 2], digits=5),
    right(T, "The slope of the sigmoid is at most a quarter", "s (1 - s)", "mg.grad(F.sigmoid)(np.array(0.0))", 0.25,
          printed=0.25),
    right(T, "SELU of 1 and of -1", "1.0507 x; 1.0507 * 1.6733 (1/e - 1)", "F.selu(np.array([1.0, -1.0]))",
          [1.0507009873554805, 1.0507009873554805 * 1.6732632423543772 * (math.exp(-1) - 1)]),
]  # fmt: skip

ROWS = [*AVERAGES, *OPTIMIZERS, *SCHEDULES, *OTHERS]
