# Runs a command in namespaces of its own, as the last process that unshare starts: its root holds
# the system's programs and what it is told to share, read-only, and an empty directory to work in.
# Arguments: the mount point; the size of the directory in bytes; directories to share; --; command.
set -e
root=$1 size=$2
shift 2
mount -t tmpfs -o mode=755,nosuid,nodev,size=4m none "$root"
cd "$root"
mkdir work old dev proc
system="/bin /sbin /lib /lib32 /lib64 /libx32"
for link in $system; do
    if [ -L "$link" ]; then ln -s "$(readlink "$link")" ".$link"; fi
done
share() {
    if [ -d "$1" ] && [ ! -L "$1" ] && [ ! -e ".$1/." ]; then
        mkdir -p ".$1"
        mount --rbind "$1" ".$1"
        mount -o remount,bind,ro "$1" ".$1"
    fi
}
for directory in /usr $system; do share "$directory"; done
while [ "$1" != -- ]; do
    share "$1"
    shift
done
shift
for device in null zero random urandom; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
# umount reads /proc, which is then unmounted too: it shows the machine.
mount --rbind /proc proc
mount -t tmpfs -o "mode=1777,nosuid,nodev,size=$size" none work
mount -o remount,bind,ro "$root"
pivot_root . old
cd /work
umount -l /old
umount -l /proc
# Not by exec: the first process of a namespace ignores the timer's signal.
env -i "$@"
exit $?
