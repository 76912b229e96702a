/** What a person with gloves and no eyes on the screen notices: a tone and a vibration, other ones for other verdicts. */

import type { Word } from "../core/verdict";

// Frequencies in hertz, each 90 ms; vibrations in milliseconds on and off.
const TONES: Readonly<Record<Word, readonly number[]>> = {
    verified: [1320],
    do_not_use: [330, 330, 330],
    suspect: [440, 330],
    unreadable: [660],
    undetermined: [880, 660],
};
const SHAKES: Readonly<Record<Word, readonly number[]>> = {
    verified: [60],
    do_not_use: [250, 80, 250, 80, 250],
    suspect: [250, 80, 250],
    unreadable: [30],
    undetermined: [100, 80, 100],
};
const LENGTH = 0.09; // seconds
let audio: AudioContext | null = null;

/** Make the verdict felt and heard; does nothing where the device cannot. */
export function signal(word: Word): void {
    if ("vibrate" in navigator) navigator.vibrate([...SHAKES[word]]);
    if (!navigator.userActivation.hasBeenActive) return; // browsers forbid sound before the first touch
    audio ??= new AudioContext();
    TONES[word].forEach((hertz, index) => {
        if (audio === null) return;
        const tone = audio.createOscillator();
        const loud = audio.createGain();
        loud.gain.value = 0.2;
        tone.frequency.value = hertz;
        tone.connect(loud).connect(audio.destination);
        const begin = audio.currentTime + index * LENGTH * 1.4;
        tone.start(begin);
        tone.stop(begin + LENGTH);
    });
}
