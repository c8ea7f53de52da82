#!/usr/bin/env bash
# Downloads a file of random bytes over the loopback, with `llm360 pull` and with curl in turn, and compares.
# curl writes the file and no more. Ours writes it, makes its SHA-256 and compares it with the Hub's, and has the disk
# confirm the bytes (fsync) before the file gets its name. So curl followed by fsync and by a SHA-256 is measured too.
# The server (ours/LoopbackHub.java, sendfile) is on the same processors.
#   download.sh DIRECTORY [GIGABYTES=8] [RUNS=3]     (the directory takes twice as many bytes for a while)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1/llm360-download gigabytes=${2:-8} runs=${3:-3}
llm360=$here/../llm360
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
mkdir "$work"
server=
trap '[ -z "$server" ] || kill "$server"; rm -r "$work"' EXIT

"$llm360" --version >/dev/null # builds
head -c $((gigabytes * 1000000000)) /dev/urandom >"$work/served.bin"
bytes=$(stat -c %s "$work/served.bin")
sha256=$(openssl dgst -sha256 "$work/served.bin" | awk '{print $2}')
"$java" "$here/ours/LoopbackHub.java" "$work/served.bin" "$sha256" >"$work/address" &
server=$!
until [ -s "$work/address" ]; do sleep 0.2; done
export HF_ENDPOINT HF_HOME=$work/hf
HF_ENDPOINT=$(<"$work/address")

fetch_curl() { curl -sf -o "$work/curl.bin" "$HF_ENDPOINT/LLM360/Bench/resolve/main/served.bin"; }
fetch_ours() { "$llm360" pull LLM360/Bench; }
fsync() { sync "$work/curl.bin"; }
sha256_openssl() { openssl dgst -sha256 "$work/curl.bin"; }
sha256_coreutils() { sha256sum "$work/curl.bin"; }

measure() { # NAME FUNCTION: appends wall seconds, and processor seconds without the server's, to NAME's file
    local TIMEFORMAT='%R %U %S' wall user system
    read -r wall user system < <({ time "$2" >/dev/null 2>"$work/error"; } 2>&1) || { cat "$work/error"; exit 1; }
    awk -v w="$wall" -v u="$user" -v s="$system" 'BEGIN { print w, u + s }' >>"$work/$1.seconds"
}
median() { sort -n -k "$2,$2" "$work/$1.seconds" | awk -v k="$2" '{ v[NR] = $k } END { print v[int((NR + 1) / 2)] }'; }

for run in $(seq "$runs"); do
    measure curl fetch_curl
    measure fsync fsync
    measure openssl sha256_openssl
    measure sha256sum sha256_coreutils
    rm "$work/curl.bin"
    measure ours fetch_ours
    rm -r "$HF_HOME"
    echo "run $run: curl $(tail -n 1 "$work/curl.seconds"), ours $(tail -n 1 "$work/ours.seconds") (wall s, processor s); load $(cut -d ' ' -f 1 /proc/loadavg)"
done
echo "medians of $runs runs, $bytes bytes; $(nproc) CPUs, $("$java" -version 2>&1 | head -n 1), $(curl --version | head -n 1 | cut -d ' ' -f 1,2)"
for name in curl fsync openssl sha256sum ours; do
    awk -v n="$name" -v w="$(median $name 1)" -v p="$(median $name 2)" -v b="$bytes" 'BEGIN {
        printf "%-10s %7.2f s  %5.2f GB/s  %6.2f processor s/GB\n", n, w, b / w / 1e9, p / b * 1e9 }'
done
awk -v c="$(median curl 1)" -v f="$(median fsync 1)" -v s="$(median openssl 1)" -v o="$(median ours 1)" 'BEGIN {
    printf "speed of ours / curl: %.2f; / curl, fsync and openssl one after the other: %.2f\n", c / o, (c + f + s) / o }'
