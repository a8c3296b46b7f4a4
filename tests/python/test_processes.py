"""Sources in other processes: forked (also while threads read), spawned, interrupted."""

import multiprocessing
import os
import signal
import threading
import time
import unittest

import support
import synvid

SAMPLER = synvid.Sampler(frames=4, size=16, patch_size=8)


def read(source, numbers):
    """In a worker: the sums of some clips, and the statistics of some videos."""
    return [int(source.clip(i, SAMPLER)[0].sum()) for i in numbers]


def statistics(source, seed):
    """In a worker: OpenMP threads, after a parent that has used its own."""
    return synvid.analyze(source, seed=seed, threads=2)


def read_until_interrupted(source, begun):
    """In a worker that is interrupted in the middle of a read: an ordinary KeyboardInterrupt."""
    try:
        while True:
            source.clip(0, SAMPLER)
            begun.set()
    except KeyboardInterrupt:
        os._exit(42)


class Processes(unittest.TestCase):
    def check_workers(self, method, source):
        expected = read(source, range(4))
        with multiprocessing.get_context(method).Pool(2) as workers:
            found = workers.starmap(read, [(source, [i]) for i in range(4)])
        self.assertEqual([one for part in found for one in part], expected)

    def test_workers(self):
        folders = [support.dataset("accelerating-shapes", storage=kind) for kind in ("raw", "deflate", "latent")]
        sources = [synvid.Source(variant="accelerating-shapes", size=32, videos=4)] + [synvid.Source(f) for f in folders]
        for method in ("fork", "spawn"):
            for source in sources:
                with self.subTest(method=method, source=repr(source)):
                    self.check_workers(method, source)

    def test_forks_while_threads_read(self):
        source = synvid.Source(support.dataset("accelerating-shapes", storage="deflate"))
        expected = read(source, range(4))
        stop = threading.Event()

        def keep_reading():
            while not stop.is_set():
                read(source, range(4))

        threads = [threading.Thread(target=keep_reading) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                child = os.fork()
                if child == 0:
                    signal.alarm(60)
                    os._exit(read(source, range(4)) != expected)
                self.assertEqual(os.waitpid(child, 0)[1], 0)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def test_analysis_after_fork(self):
        source = synvid.Source(variant="moving-circles", size=32, videos=3, frames=16)
        expected = statistics(source, 1)
        with multiprocessing.get_context("fork").Pool(1) as workers:
            self.assertEqual(workers.apply_async(statistics, (source, 1)).get(timeout=60), expected)

    def test_interrupted(self):
        source = synvid.Source(variant="accelerating-shapes", size=128, videos=4)
        context = multiprocessing.get_context("fork")
        begun = context.Event()
        worker = context.Process(target=read_until_interrupted, args=(source, begun))
        worker.start()
        self.assertTrue(begun.wait(60))
        time.sleep(0.05)
        os.kill(worker.pid, signal.SIGINT)
        worker.join(60)
        self.assertEqual(worker.exitcode, 42)

    def test_closing_while_others_read(self):
        for _ in range(20):
            source = synvid.Source(variant="moving-circles", size=64, videos=4)
            ended = []

            def read_to_the_end():
                try:
                    while True:
                        source.clip(0, SAMPLER)
                except synvid.SettingsError as error:
                    ended.append(str(error))

            threads = [threading.Thread(target=read_to_the_end) for _ in range(2)]
            for thread in threads:
                thread.start()
            source.close()
            for thread in threads:
                thread.join()
            self.assertTrue(all("closed" in message for message in ended))
            self.assertEqual(len(ended), 2)

    def test_the_process_is_left_as_it_was(self):
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
        out = os.path.join(support.WORK, "said")
        child = os.fork()
        if child == 0:  # whatever is printed goes into a file
            descriptor = os.open(out, os.O_CREAT | os.O_WRONLY)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            source = synvid.Source(variant="moving-circles", size=32, videos=3, frames=16)
            synvid.analyze(source)
            for wrong in ("nowhere", "moving-circels"):
                try:
                    synvid.Source(variant=wrong)
                except synvid.Error:
                    pass
            os._exit(0)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), "")
        self.assertEqual(before, {number: signal.getsignal(number) for number in before})


if __name__ == "__main__":
    unittest.main()
