/** Photos made small enough to send over a slow line; what the camera wrote into them (place, device) is dropped. */

const LONGEST = 1600; // pixels of the longer side: print on a carton stays readable
const QUALITY = 0.8; // of JPEG, from 0 to 1

/** Width and height that fit a square of `most` pixels, with the same proportions; never larger than they are. */
export function fitted(width: number, height: number, most: number): readonly [number, number] {
    const scale = Math.min(1, most / Math.max(width, height));
    return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/**
 * A photo as JPEG of at most 1,600 pixels, drawn anew, so that nothing but the picture is left.
 *
 * @throws DOMException - the file is no picture that this browser can read
 */
export async function shrunk(photo: Blob): Promise<Blob> {
    const picture = await createImageBitmap(photo);
    try {
        const [width, height] = fitted(picture.width, picture.height, LONGEST);
        const canvas = document.createElement("canvas");
        canvas.width = width;
        canvas.height = height;
        canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
        return await new Promise((resolve, reject) => {
            const made = (blob: Blob | null): void => {
                if (blob === null) reject(new DOMException("The picture cannot be written.", "EncodingError"));
                else resolve(blob);
            };
            canvas.toBlob(made, "image/jpeg", QUALITY);
        });
    } finally {
        picture.close();
    }
}
