"""Weight clustering: let all weights of a layer share few values, while training goes on.

Each kernel gets c values ("centroids"); a weight is stored as the id of the nearest. The network computes with the
centroids, and a step of training moves each by the sum of its weights' gradients,
`∂L/∂C_k = Σ_i ∂L/∂w_i · 1(id_i = k)` (Han et al., 2016, equation 3). Unlike there, ids are not frozen: the weights
behind the values go on training and may change their cluster (tfmot's implementation, which this file uses).

The file stays as long as it was: float32 is written out for every weight. What c values are worth shows when it is
deflated, and more when the values survive quantization: c centroids give at most c codes of eight bits.
`deep_compression` codes the same idea by itself and stores short ids.

Of a pruned network the zeros are kept, exactly and where they are: zero is then one of the c values.
"""

from typing import Annotated, Any, Literal

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable, RadlibError
from radlib.foundation.value_types import Factor, Passes, Range
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.kernels import (
    clusterable_layers,
    measured_sparsity,
    prunable_layers,
    sparse_layers,
    unique_values,
)

INITIALISATIONS = {"k-means++": "KMEANS_PLUS_PLUS", "linear": "LINEAR", "density": "DENSITY_BASED"}


@trained_technique(label="clustered", kind="clustering")
def clustering(
    model: Any,
    data: TechniqueData,
    *,
    clusters: Annotated[int, Range(3, 256)] = 16,
    initialisation: Literal["k-means++", "linear", "density"] = "k-means++",
    clustering_epochs: Passes = 2,
    learning_rate_share: Factor = 0.1,
) -> Product:
    """Let the weights of each layer share a few trained values; zeros of a pruned parent stay zero.

    First and last layer, depthwise kernels and kernels with fewer than four weights per value are left alone.

    Args:
        model: A trained Keras model, pruned or not.
        data: The films.
        clusters: Values per kernel, 3…256; of a pruned parent zero is one of them.
        initialisation: Where the values start: `k-means++`, `linear` between the extremes, or by `density`.
        clustering_epochs: Passes over the training films.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.

    Returns:
        The clustered model; the details hold `unique_values`: how many each clustered kernel has, and the
        sparsity over all pruned kernels when the parent was pruned.

    Raises:
        NotApplicable: When no kernel is large enough for so many values.
        RadlibError: When a kernel has more values than asked for, or lost zeros.

    References:
        Han, Mao, Dally (2016). Deep compression: compressing deep neural networks with pruning, trained
            quantization and Huffman coding. ICLR, arXiv 1510.00149.
    """
    tfmot, keras = backend.tfmot().clustering.keras, backend.keras()
    names = clusterable_layers(model, clusters)
    if not names:
        raise NotApplicable(
            f"No layer of this network has kernels worth {clusters} values; ask for fewer clusters, or leave "
            "'clustering' out."
        )
    sparse = sparse_layers(model, names)

    def wrap(layer: Any) -> Any:
        if layer.name not in names:
            return layer
        return tfmot.cluster_weights(
            layer,
            number_of_clusters=clusters,
            cluster_centroids_init=tfmot.CentroidInitialization[INITIALISATIONS[initialisation]],
            **({"preserve_sparsity": True} if layer.name in sparse else {}),
        )

    # Wrapping shares layers: without a copy the parent would be clustered too.
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    backend.make_deterministic(data.settings.seed)  # k-means++ draws its first values
    wrapped = keras.models.clone_model(copy, clone_function=wrap)
    history = data.fine_tune(wrapped, epochs=clustering_epochs, learning_rate_share=learning_rate_share)
    clustered = tfmot.strip_clustering(wrapped)
    return Product(clustered, _details(model, clustered, names, sparse, clusters), history)


def _details(
    model: Any, clustered: Any, names: list[str], sparse: list[str], clusters: int
) -> dict[str, Any]:
    """Return what was made, JSON-able, after a check that it is what was asked for."""
    counts = unique_values(clustered, names)
    for name, count in counts.items():
        if count > clusters:
            raise RadlibError(
                f"The kernel of {name!r} has {count} values after clustering instead of at most {clusters}; "
                "try another initialisation."
            )
    details: dict[str, Any] = {"clusters": clusters, "unique_values": counts}
    for name in sparse:
        before, after = (m.get_layer(name).kernel.numpy() == 0 for m in (model, clustered))
        if (before & ~after).any():
            raise RadlibError(
                f"Clustering gave {int((before & ~after).sum())} zeros of {name!r} another value; "
                "try another initialisation."
            )
    if sparse:
        details["sparsity"] = measured_sparsity(clustered, prunable_layers(clustered))
    return details
