"""What the documents tell a newcomer to type runs."""

import re
import subprocess
import sys
import unittest

import support


def blocks(path):
    """The Python blocks of a document."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


class Documents(unittest.TestCase):
    def run_block(self, text):
        done = subprocess.run([sys.executable, "-c", text], cwd=support.WORK, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{text}\n{done.stderr}")
        return done.stdout

    def test_five_lines(self):
        found = blocks(support.SOURCE_DIR / "README.md")
        self.assertEqual(len(found), 1)
        self.assertLessEqual(len(found[0].strip().splitlines()), 5)
        self.assertIn("(16, 224, 224, 3)", self.run_block(found[0]))

    def test_the_package_page(self):
        for block in blocks(support.SOURCE_DIR / "python" / "README.md"):
            self.run_block(block)

    def test_the_manual(self):
        for block in blocks(support.SOURCE_DIR / "docs" / "python.md"):
            if "torch" in block:
                try:
                    import torch  # noqa: F401
                except ImportError:
                    continue
            self.run_block(block)


if __name__ == "__main__":
    unittest.main()
