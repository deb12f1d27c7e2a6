"""What every Ethos-U has for a file that is built already: it is opened to be described."""

from runner.backends._ethos_u.given import open_session as open_session
