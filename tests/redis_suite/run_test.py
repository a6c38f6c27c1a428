"""What the runner makes of what the suite prints, and of skips.txt."""

import importlib.machinery
import importlib.util
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOADER = importlib.machinery.SourceFileLoader("run", str(HERE / "run"))
SPEC = importlib.util.spec_from_loader("run", LOADER)
run = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(run)

WHOLE = """\
Starting test server at port 12048
[ready]: 4711
Testing unit/type/incr
[ok]: INCR against non existing key (0 ms)
[skip]: INCR by some other way
[ignore]: INCR memory: Tag: needs:debug denied
[err]: INCR over 32bit value in tests/unit/type/incr.tcl
Expected '1' to be equal to '2' (context: type eval line 2 cmd {x})
[err]: DECR in tests/unit/type/incr.tcl
own command 'DECR', with args beginning with: 'a'
ERR unknown command 'DECR', with args beginning with: 'a'
    while executing
"r decr a"
[1/1 done]: unit/type/incr (1 seconds)

                   The End

!!! WARNING The following tests failed:

*** [err]: INCR over 32bit value in tests/unit/type/incr.tcl
"""


def read(text):
    return run.read_result(text.splitlines())


class OutputTest(unittest.TestCase):
    def test_every_test_is_counted_once(self):
        result = read(WHOLE)
        self.assertEqual(result.ok, 1)
        self.assertEqual(result.ignored, 1)
        self.assertEqual(result.skipped, ["INCR by some other way"])
        self.assertEqual([test for test, _ in result.errors],
                         ["INCR over 32bit value", "DECR"])  # fmt: skip
        self.assertEqual(result.aborts, [])
        self.assertFalse(result.good())

    def test_an_unexpected_error_is_told_in_full(self):
        self.assertEqual(
            read(WHOLE).errors[1][1],
            "ERR unknown command 'DECR', with args beginning with: 'a'",
        )

    def test_an_exception_is_an_abort_of_the_test_it_names(self):
        result = read(
            "[ok]: A (1 ms)\n"
            "[exception]: Executing test client: I/O error reading reply.\n"
            "I/O error reading reply\n"
            "    invoked from within\n"
            '"test {B of two words} {\n'
            "    r ping\n"
        )
        self.assertEqual(
            result.aborts, [("B of two words", "I/O error reading reply.")]
        )
        self.assertFalse(result.good())

    def test_an_error_outside_of_tests_is_an_abort_after_the_last(self):
        result = read(
            "[ok]: A (1 ms)\n"
            "[err]: own command 'config', with args\n"
            "ERR unknown command 'config', with args\n"
            "    while executing\n"
            "[1/1 done]: unit/scan (0 seconds)\n"
        )
        self.assertEqual(
            result.aborts,
            [("after A", "ERR unknown command 'config', with args")],
        )
        self.assertFalse(result.good())

    def test_silence_is_an_abort_of_the_test_in_progress(self):
        result = read(
            "[ok]: A (1 ms)\n"
            "[TIMEOUT]: clients state report follows.\n"
            "sock55 => (IN PROGRESS) B\n"
            "\n                   The End\n"
        )
        self.assertEqual(
            result.aborts, [("B", "clients state report follows.")]
        )

    def test_a_suite_that_just_ends_is_an_abort(self):
        self.assertEqual(
            read("[ok]: A (1 ms)\n").aborts,
            [("after A", "the suite ended without a word")],
        )

    def test_nothing_counted_is_not_good(self):
        self.assertFalse(read("[1/1 done]: unit/x (0 seconds)\n").good())


class SkipsTest(unittest.TestCase):
    def test_a_reason_is_for_all_names_up_to_an_empty_line(self):
        self.assertEqual(
            run.read_skips("# One\n# reason.\nA\n/^B\n\n# Other.\nC\n"),
            {"A": "One reason.", "/^B": "One reason.", "C": "Other."},
        )

    def test_no_skip_without_a_reason(self):
        for text in ("A\n", "# Reason.\nA\n\nB\n", "# Reason.\nA\nA\n"):
            with self.assertRaises(run.SuiteError):
                run.read_skips(text)

    def test_the_skips_of_the_tree_have_reasons(self):
        self.assertTrue(run.read_skips(run.SKIPS.read_text()))

    def test_a_skip_that_fits_no_test_is_found(self):
        results = {"incr": run.Result(skipped=["A of x"])}
        self.assertEqual(run.unused_skips({"/of x$": "", "A": ""}, results),
                         ["A"])  # fmt: skip


if __name__ == "__main__":
    unittest.main()
