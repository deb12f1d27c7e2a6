"""What every Ethos-U has: the graph checked against Arm's reference model."""

from runner.backends._ethos_u.tosa import check as check
