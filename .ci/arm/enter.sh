#!/bin/sh
# Run a command in the root $1 under the emulator $2, within namespaces that `unshare` has made: what is mounted and
# registered here is gone with them, and nothing outside sees it. $3: `ro` for a root that cannot be written, of which /tmp
# alone can. $4: a folder that is seen at /mnt, or empty.
set -eu
root=$1 emulator=$2 written=$3 seen=$4
shift 4
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\xfc\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
echo ":aarch64:M::$magic:$mask:$emulator:F" >/proc/sys/fs/binfmt_misc/register
mount --bind "$root" "$root"
if [ "$written" = ro ]; then mount -o remount,bind,ro "$root"; fi
for device in null zero urandom random; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount -t tmpfs none "$root/dev/shm"
mount -t proc none "$root/proc"
mount -t tmpfs none "$root/tmp"
if [ -n "$seen" ]; then mount --bind "$seen" "$root/mnt"; fi
env -i "$@" # as a child: signals by which the emulator ends are none to the first process of a namespace
