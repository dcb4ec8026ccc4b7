#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target of the repository for TIME each.
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0 passed=0
while IFS=: read -r file target; do
	dir=./$(dirname "$file")
	echo "== $dir $target"
	if go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -parallel 2 "$dir" | tail -2; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done < <(grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' backend | sed 's/func //')
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
