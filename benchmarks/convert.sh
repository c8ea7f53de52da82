#!/usr/bin/env bash
# Converts a checkpoint to bfloat16 and compares with what the disk gives: reading the same shards past the
# page cache, and writing as many bytes as the result has. Both are measured before and after, since a shared
# disk changes. Root drops the page cache, so that the conversion reads from the disk too.
#   convert.sh SOURCE_DIR TARGET_DIR     (TARGET_DIR must not exist; it is removed at the end)
set -euo pipefail
source=$1 target=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shopt -s nullglob
shards=("$source"/*.bin "$source"/*.safetensors)
bytes=0
for shard in "${shards[@]}"; do bytes=$((bytes + $(stat -c %s "$shard"))); done

seconds() { # runs a command and prints its wall time
    local begun=$EPOCHREALTIME
    "$@" >/dev/null
    echo "$begun $EPOCHREALTIME" | awk '{printf "%.2f", $2 - $1}'
}
read_shards() {
    for shard in "${shards[@]}"; do
        dd if="$shard" of=/dev/null bs=16M iflag=direct status=none
    done
}
write_half() {
    dd if=/dev/zero of="$target.dd" bs=16M count=$((bytes / 2 / 16777216)) oflag=direct conv=fsync status=none
    rm "$target.dd"
}
disk() {
    local r w
    r=$(seconds read_shards)
    w=$(seconds write_half)
    awk -v b="$bytes" -v r="$r" -v w="$w" 'BEGIN {
        printf "disk: read %.2f GB/s, write %.2f GB/s; reading all and writing half of it in turn takes %.1f s\n",
            b / r / 1e9, b / 2 / w / 1e9, r + w }'
}

"$here/../llm360" --version >/dev/null # builds
disk
sync && { echo 1 >/proc/sys/vm/drop_caches; } 2>/dev/null || echo "page cache not dropped: needs root"
begun=$EPOCHREALTIME
/usr/bin/time -f "peak RSS %M kB, user %U s, system %S s" "$here/../llm360" convert "$source" "$target" --dtype bf16 --json
echo "$begun $EPOCHREALTIME" | awk -v b="$bytes" '{ t = $2 - $1
    printf "convert: %.1f s, %.2f GB/s of the source\n", t, b / t / 1e9 }'
rm -r "$target"
disk
