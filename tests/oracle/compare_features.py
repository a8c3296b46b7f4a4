"""Inception and I3D beside PyTorch: the same networks, the same cores, the same run.

    python tests/oracle/compare_features.py build/release/synvid [rounds]

Rounds of `synvid bench features` and of PyTorch take turns, so that both see the same machine. On one thread CPU time
counts, on two the clock; the best of all rounds of each. PyTorch gets its best of three: as built, channels last, and
traced, frozen and optimized for inference (batch normalization folded, convolutions fused with their ReLU). Memory: ours is
what the program holds for weights and activations, PyTorch's the growth of its process over the imports. Four frames of
299 x 299; a clip of 16 x 224 x 224. Both networks from feature_networks.py, with random weights.
"""
import json
import os
import subprocess
import sys
import time

ROUNDS = 3
NETWORKS = {"inception": ((4, 3, 299, 299), 4, "Inception, 4 x 299 x 299"),
            "i3d": ((1, 3, 16, 224, 224), 1, "I3D, 16 x 224 x 224")}
FORMS = ("as built", "channels last", "optimized")


def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def torch_child(name, form, threads):
    """Prints items a second and bytes; a process of its own, so that memory is this network's."""
    import torch
    from feature_networks import I3D, Inception
    torch.set_num_threads(threads)
    before = status("VmRSS")
    shape, items, _ = NETWORKS[name]
    torch.manual_seed(1)
    net = (Inception() if name == "inception" else I3D()).eval()
    x = torch.randn(shape)
    if form == "channels last":
        layout = torch.channels_last if len(shape) == 4 else torch.channels_last_3d
        net, x = net.to(memory_format=layout), x.to(memory_format=layout)
    with torch.no_grad():
        if form == "optimized":
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
        clock = time.thread_time if threads == 1 else time.perf_counter
        best = float("inf")
        for repetition in range(7):
            start = clock()
            net(x)
            if repetition > 1:  # the first passes compile
                best = min(best, clock() - start)
    print(json.dumps({"rate": items / best, "bytes": status("VmHWM") - before}))


def torch_run(name, form, threads):
    out = subprocess.run([sys.executable, __file__, "--child", name, form, str(threads)], check=True,
                         capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    return json.loads(out.stdout)


def ours(synvid):
    out = subprocess.run([synvid, "bench", "features", "--threads", "2", "--seconds", "1", "--json"],
                         check=True, capture_output=True, text=True)
    return {row["name"]: row for row in json.loads(out.stdout)}


def main(synvid, rounds):
    best = {}

    def keep(key, rate, memory, note=""):
        if key not in best or rate > best[key][0]:
            best[key] = (rate, memory, note)

    for _ in range(rounds):
        rows = ours(synvid)
        for name, (_, _, title) in NETWORKS.items():
            for threads in (1, 2):
                row = rows[title if threads == 1 else title.split(",")[0] + ", 2 threads by the clock"]
                note = f"{100 * row['share_of_sgemm']:.0f} % of sgemm" if threads == 1 else ""
                keep((name, threads, "synvid"), row["items_a_second"], row["bytes"], note)
                for form in FORMS:
                    result = torch_run(name, form, threads)
                    keep((name, threads, "PyTorch"), result["rate"], result["bytes"], form)
    print(f"{'':24}{'synvid/s':>10}{'PyTorch/s':>11}{'ratio':>8}{'MB':>8}{'PyTorch MB':>12}")
    for name in NETWORKS:
        for threads in (1, 2):
            a, b = best[name, threads, "synvid"], best[name, threads, "PyTorch"]
            print(f"{name + f', {threads} thread' + 's' * (threads > 1):24}{a[0]:10.2f}{b[0]:11.2f}{a[0] / b[0]:8.2f}"
                  f"{a[1] / 1e6:8.0f}{b[1] / 1e6:12.0f}  PyTorch {b[2]}{'; ours ' + a[2] if a[2] else ''}")


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        torch_child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
