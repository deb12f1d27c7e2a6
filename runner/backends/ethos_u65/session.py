"""What every Ethos-U has in a session's place: Vela's own figures."""

from runner.backends._ethos_u.session import estimate as estimate
