#!/usr/bin/env bash
# Measures the default engine on a machine with a graphics processor, JAX for it, and no network.
#
#   benchmarks/gpu.sh gather WHEELS          downloads what else is needed, on a machine with a network
#   benchmarks/gpu.sh run OUTPUT [WHEELS]    measures, and writes OUTPUT/table.md
#
# CLAIMS_DATA names the directory of the data. PYTHON names the interpreter, of the same version for both commands.
# A measurement that has its file in OUTPUT is not made again, so the same command goes on where it stopped.
# Training of the full tier stops after FULL_SECONDS (default 480), and goes on with the next call.
# WORKERS is the number of its processes (default auto).
# QUICK=1 tries everything out on small subsets and two seeds; for that a CPU is enough.
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
python="${PYTHON:-python3}"

# The project's dependencies, but for those that come with JAX or that the engine `stacked` does not use.
dependencies='
import re, sys, tomllib
there = {"jax", "numpy", "scipy", "scikit-learn", "tensorflow"}
for line in tomllib.load(open(sys.argv[1], "rb"))["project"]["dependencies"]:
    if re.match(r"[\w-]+", line)[0] not in there:
        print(line)
'
# What these need in turn.
indirect=(absl-py execnet h5py iniconfig markdown-it-py markupsafe mdurl namex optree packaging pluggy pygments typing-extensions)

case "${1:-} $#" in
    "gather 2")
        mapfile -t direct < <("$python" -c "$dependencies" "$root/pyproject.toml")
        "$python" -m pip download --quiet --no-deps --only-binary=:all: --dest "$2" "${direct[@]}" "${indirect[@]}"
        "$python" -m pip wheel --quiet --no-deps --wheel-dir "$2" "$root"
        ;;
    "run 2" | "run 3")
        mkdir -p "$2"
        output="$(cd "$2" && pwd)"
        export PYTHONPATH="$root"
        if [ $# = 3 ]; then
            # Fingerprints leave out packages in folders of this name.
            site="$output/site-packages"
            "$python" -m pip install --quiet --no-index --no-deps --upgrade --target "$site" "$3"/*.whl
            export PYTHONPATH="$site:$root"
        fi
        cd "$root"
        # Comparisons of numbers share the graphics processor, since they measure no time.
        for name in $("$python" -m benchmarks.gpu names equality); do
            "$python" -m benchmarks.gpu measure "$name" "$output" &
        done
        wait
        for name in $("$python" -m benchmarks.gpu names timing); do
            "$python" -m benchmarks.gpu measure "$name" "$output" || echo "$name has failed" >&2
        done
        "$python" -m benchmarks.gpu train "$output" "${FULL_SECONDS:-480}" "${WORKERS:-auto}"
        "$python" -m benchmarks.gpu table "$output" | tee "$output/table.md"
        ;;
    *)
        sed -n '3,11s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
