// The thread that reads one PDF: bytes in, a document or a reason out.
import { parentPort, workerData } from 'node:worker_threads';
import type { ParsedDocument } from '../../parsed-document.js';
import type { WorkerAnswer } from '../in-worker.js';
import { readPdf } from './read.js';

const answer: WorkerAnswer<ParsedDocument> = await readPdf(workerData as Uint8Array);
parentPort?.postMessage(answer);
