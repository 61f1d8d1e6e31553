"""The films of a run decoded by many processes or machines, each a shard; see `imaging.decoding.shards`.

Every shard finds all films first, and counts itself which are its own. What is known of the files is remembered, so that only the
first to come reads all of them.
"""

from radlib.datasets.dataset import load_dataset
from radlib.datasets.films import preprocessing_of
from radlib.imaging.decoding.shards import Shard, decode_shard
from radlib.runs.stored_runs import Run


def decode_part(run: Run, shard: Shard) -> tuple[int, int]:
    """Decode a shard of a run's films, as every network of it wants them.

    Args:
        run: Whose.
        shard: Which part.

    Returns:
        How many squares it has to make, and of how many films none can be made.
    """
    index = load_dataset(run.settings).index
    ways = dict.fromkeys(preprocessing_of(each.settings) for each in (run, *run.networks()))
    made = [decode_shard(index, way, run.cache_folder, shard) for way in ways]
    return sum(films for films, _ in made), sum(refused for _, refused in made)
