#!/usr/bin/env sh
# Makes the pictures of the program's icon from icon.svg. Run it after a change
# of that; the results are committed. Needs librsvg2-bin and imagemagick.
set -eu
cd "$(dirname "$0")"
rsvg-convert -w 512 -h 512 icon.svg -o appicon.png
sizes=
for n in 16 24 32 48 64 128 256; do
	rsvg-convert -w $n -h $n icon.svg -o "icon-$n.png"
	sizes="$sizes icon-$n.png"
done
mkdir -p windows
convert $sizes windows/icon.ico
rm -f icon-*.png
