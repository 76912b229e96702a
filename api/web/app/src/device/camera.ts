/** The camera: frames go to the reader one at a time, as fast as it reads. */

import { decode, type Found } from "./decoder";

export type CameraFault = "camera_denied" | "camera_none" | "camera_busy";
export interface Camera {
    /** Whether it has a light. */
    readonly torch: boolean;
    light(on: boolean): Promise<void>;
    stop(): void;
}

const SIDE = 1280; // pixels of the longer side that are read; more costs time and finds little

/** Why the camera cannot be used, as the end of a message's key. */
export function cameraFault(error: unknown): CameraFault {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") return "camera_denied";
    if (name === "NotReadableError" || name === "AbortError") return "camera_busy";
    return "camera_none";
}

/**
 * Show the camera in a video element and read codes until it is stopped.
 *
 * @param video Where it is shown.
 * @param found Is given the codes of a frame and when the frame was taken (`performance.now()`), if there are any.
 * @param failed Is told that the reader does not work.
 * @throws DOMException as `getUserMedia` does; `cameraFault` names it.
 */
export async function startCamera(
    video: HTMLVideoElement,
    found: (codes: readonly Found[], taken: number) => void,
    failed: (reason: Error) => void,
): Promise<Camera> {
    const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    let running = true;
    const track = stream.getVideoTracks()[0];
    video.srcObject = stream;
    await video.play();
    void readFrames(video, () => running, found).catch((reason: unknown) => {
        if (running) failed(reason instanceof Error ? reason : new Error(String(reason)));
    });
    const able = (track?.getCapabilities() ?? {}) as { torch?: boolean };
    return {
        torch: able.torch === true,
        light: async (on) => track?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] }),
        stop() {
            running = false;
            for (const each of stream.getTracks()) each.stop();
            video.srcObject = null;
        },
    };
}

async function readFrames(
    video: HTMLVideoElement,
    running: () => boolean,
    found: (codes: readonly Found[], taken: number) => void,
): Promise<void> {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) throw new Error("no canvas");
    while (running()) {
        await nextFrame(video);
        if (!running() || video.videoWidth === 0 || document.hidden) continue;
        const taken = performance.now();
        const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
        canvas.width = Math.round(video.videoWidth * scale);
        canvas.height = Math.round(video.videoHeight * scale);
        context.drawImage(video, 0, 0, canvas.width, canvas.height);
        const codes = await decode(context.getImageData(0, 0, canvas.width, canvas.height));
        if (running() && codes.length > 0) found(codes, taken);
    }
}

function nextFrame(video: HTMLVideoElement): Promise<void> {
    return new Promise((resolve) => {
        const late = setTimeout(resolve, 250); // a hidden page gets no frames; the loop must still see that it was stopped
        const done = () => {
            clearTimeout(late);
            resolve();
        };
        if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(done);
        else requestAnimationFrame(done);
    });
}
