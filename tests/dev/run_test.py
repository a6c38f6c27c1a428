"""What ./dev asks the package manager for, and what tests say of hosts."""

import os
import re
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]

# Answers for the packages of $FAKE_INSTALLED, as dpkg-query(1) does.
DPKG_QUERY = r"""#!/bin/bash
pattern="${@: -1}"
found=1
for package in $FAKE_INSTALLED; do
  # shellcheck disable=SC2053
  [[ $package == $pattern ]] || continue
  found=0
  case "$*" in
    *Package*) echo "$package install ok installed" ;;
    *) echo -n "install ok installed" ;;
  esac
done
exit $found
"""
APT_GET = '#!/bin/bash\necho "$@" >>"$FAKE_ASKED"\n'
SUDO = '#!/bin/bash\nexec "$@"\n'


class Packages(unittest.TestCase):
    def asked(self, installed):
        """The words that apt-get is given for `setup`."""
        with tempfile.TemporaryDirectory() as directory:
            asked = Path(directory) / "asked"
            asked.touch()
            for name, text in (("dpkg-query", DPKG_QUERY),
                               ("apt-get", APT_GET), ("sudo", SUDO)):
                program = Path(directory) / name
                program.write_text(text)
                program.chmod(program.stat().st_mode | stat.S_IXUSR)
            subprocess.run(
                [TREE / "dev", "setup"], check=True, stdout=subprocess.DEVNULL,
                env={**os.environ, "FAKE_INSTALLED": " ".join(installed),
                     "FAKE_ASKED": str(asked),
                     "PATH": f"{directory}:{os.environ['PATH']}"})
            return asked.read_text().split()

    def test_a_bare_system_gets_the_default_boost(self):
        self.assertIn("libboost-context-dev", self.asked([]))

    def test_another_boost_that_is_whole_stays(self):
        asked = self.asked(["libboost1.81-dev", "libboost-context1.81-dev"])
        self.assertIn("libcereal-dev", asked)
        self.assertNotIn("boost", " ".join(asked))

    def test_another_boost_is_made_whole(self):
        asked = self.asked(["libboost1.81-dev"])
        self.assertIn("libboost-context1.81-dev", asked)
        self.assertNotIn("libboost-context-dev", asked)

    def test_the_default_boost_stays(self):
        asked = self.asked(["libboost-context-dev", "libboost-context1.74-dev",
                            "libboost1.74-dev"])
        self.assertNotIn("boost", " ".join(asked))


class Hosts(unittest.TestCase):
    def test_clients_are_told_the_address(self):
        """Their default is "localhost", which a small system cannot resolve."""
        for file in (TREE / "tests/clients").glob("*.py"):
            without = re.search(r"redis\.Redis\(\s*(port|\))", file.read_text())
            self.assertIsNone(without, file)


if __name__ == "__main__":
    unittest.main()
