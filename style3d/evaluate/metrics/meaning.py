"""What each figure means, in a line for people."""

from __future__ import annotations

MEANING = {
    "rmse": "root mean square difference of colours in [0, 1]",
    "ssim": "1 where windows look the same",
    "perceptual": "difference as a network sees it",
    "relative": "error over the image's own contrast: 0 agrees, flat colour gives 1, unrelated images √2",
    "valid": "share of all pixels that two views both see",
    "style.gram": "distance of Gram matrices, averaged over layers; 0 is the style",
    "style.moments": "distance of means and deviations, averaged over layers; 0 is the style",
    "style.fid": "Fréchet distance between the places of a view and of the picture",
    "style.fid_inception": "the same in Inception-v3 before its second pooling",
    "style.fid_views": "FID: Inception's features of all views against the picture's",
    "style.patches": "sliced Wasserstein distance of small patches; no network",
    "style.palette": "difference of the palettes, CIEDE2000; 1 is just noticeable",
    "style.orientation": "how far strokes must be turned, degrees",
    "style.stroke_scale": "how much wider strokes are than the picture's, octaves",
    "style.coherence": "how much more (+) or less (−) strokes run one way",
    "style.clip": "likeness to the picture, cosine",
    "style.clip_text": "likeness to the words, cosine",
    "style.light": "distance of Gram matrices under this lamp",
    "content.features": "1 for the same pattern of features, 0 for an unrelated one",
    "content.similarity": "how far what resembled what has changed; 0 is unchanged",
    "content.ssim": "the same drawing in any colours gives 1, an unrelated one 0",
    "content.edges": "edges found again, beyond chance",
    "content.silhouette": "overlap of the outlines",
    "content.lpips": "learnt distance to the original; 0 is unchanged",
    "composite.artfid": "(1 + LPIPS) (1 + FID)",
    "mesh.coverage": "of the texels seen from outside, the share that these views show",
    "mesh.seams": "colour step across UV cuts over the step beside them; 1 is invisible",
    "mesh.texels_per_pixel": "texels in a pixel of the view that shows them best",
    "mesh.unseen": "texels that none of these views shows",
    "mesh.clipped": "share of colours with a channel at 0 or 1",
    "mesh.density_spread": "how much larger coarse texels are than fine ones",
    "mesh.differences": "changes to the file that painting has no business with",
    "mesh.invalid": "errors and warnings of the glTF-Validator that the original does not have",
}


def meaning(name: str) -> str:
    """Of a figure by its whole name; empty where its name says it all."""
    subject, _, rest = name.partition(".")
    if subject == "consistency":
        return MEANING.get(rest.partition(".")[2].partition(".")[0], "")
    if name.startswith("style.light."):
        return MEANING["style.light"] + (", strokes raised" if name.endswith(".relief") else "")
    return MEANING.get(name, "")
