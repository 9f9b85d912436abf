import type { PhotoId, UserId } from '@repo/kernel';
import { checkVector, compareNeighbours, embeddingLength, SimilarityIndex, type Neighbour } from '@repo/recognition-domain';
import { innerProductKernel, type ScoreVectors } from './inner-product-kernel.js';

/** Rows that an owner gets at once; a small collection wastes at most 80 kB. */
const rowsPerBlock = 16;
const pageBytes = 65_536;

interface Partition {
  /** Byte addresses; row n lies in block n / rowsPerBlock. */
  readonly blocks: number[];
  /** By row. */
  readonly photoIds: PhotoId[];
}

interface Place {
  readonly ownerId: UserId;
  row: number;
}

/**
 * Compares a query with every vector of its owner, in WebAssembly: exact, and at the sizes of a
 * collection faster than an approximate index is worth. All vectors lie in one growing memory.
 */
export class ExactIndex extends SimilarityIndex {
  readonly kind = 'exact';

  private readonly memory = new WebAssembly.Memory({ initial: 1 });
  private readonly score: ScoreVectors;
  private readonly vectorBytes: number;
  private readonly partitions = new Map<UserId, Partition>();
  private readonly places = new Map<PhotoId, Place>();
  private readonly freeBlocks: number[] = [];
  /** The query comes first, then one block's scores, then the blocks. */
  private readonly scoresAt: number;
  private endOfBlocks: number;

  constructor(private readonly dimensions = embeddingLength) {
    super();
    this.score = innerProductKernel(this.memory, dimensions);
    this.vectorBytes = dimensions * Float32Array.BYTES_PER_ELEMENT;
    this.scoresAt = this.vectorBytes;
    this.endOfBlocks = this.scoresAt + rowsPerBlock * Float32Array.BYTES_PER_ELEMENT;
    this.growTo(this.endOfBlocks);
  }

  get size(): number {
    return this.places.size;
  }

  has(photoId: PhotoId): boolean {
    return this.places.has(photoId);
  }

  add(ownerId: UserId, photoId: PhotoId, vector: Float32Array): void {
    checkVector(vector, this.dimensions);
    this.remove(photoId);
    const partition = this.partitionOf(ownerId);
    const row = partition.photoIds.push(photoId) - 1;
    if (row === partition.blocks.length * rowsPerBlock) {
      partition.blocks.push(this.takeBlock());
    }
    this.vectorAt(addressOf(partition, row, this.vectorBytes)).set(vector);
    this.places.set(photoId, { ownerId, row });
  }

  /** The owner's last vector moves into the gap. */
  remove(photoId: PhotoId): boolean {
    const place = this.places.get(photoId);
    if (!place) {
      return false;
    }
    this.places.delete(photoId);
    const partition = this.partitionOf(place.ownerId);
    const lastRow = partition.photoIds.length - 1;
    const lastId = partition.photoIds.pop()!;
    if (place.row !== lastRow) {
      const last = this.vectorAt(addressOf(partition, lastRow, this.vectorBytes));
      this.vectorAt(addressOf(partition, place.row, this.vectorBytes)).set(last);
      partition.photoIds[place.row] = lastId;
      this.places.get(lastId)!.row = place.row;
    }
    if (lastRow % rowsPerBlock === 0) {
      this.freeBlocks.push(partition.blocks.pop()!);
    }
    if (lastRow === 0) {
      this.partitions.delete(place.ownerId);
    }
    return true;
  }

  search(ownerId: UserId, vector: Float32Array, k: number): Neighbour[] {
    checkVector(vector, this.dimensions);
    const partition = this.partitions.get(ownerId);
    if (!partition) {
      return [];
    }
    this.vectorAt(0).set(vector);
    const scores = new Float32Array(this.memory.buffer, this.scoresAt, rowsPerBlock);
    const best = new BestNeighbours(k);
    partition.blocks.forEach((block, number) => {
      const firstRow = number * rowsPerBlock;
      const rows = Math.min(rowsPerBlock, partition.photoIds.length - firstRow);
      this.score(0, block, rows, this.scoresAt);
      for (let row = 0; row < rows; row += 1) {
        best.offer(partition.photoIds[firstRow + row]!, scores[row]!);
      }
    });
    return best.neighbours;
  }

  private partitionOf(ownerId: UserId): Partition {
    let partition = this.partitions.get(ownerId);
    if (!partition) {
      partition = { blocks: [], photoIds: [] };
      this.partitions.set(ownerId, partition);
    }
    return partition;
  }

  private takeBlock(): number {
    const free = this.freeBlocks.pop();
    if (free !== undefined) {
      return free;
    }
    const block = this.endOfBlocks;
    this.endOfBlocks += rowsPerBlock * this.vectorBytes;
    this.growTo(this.endOfBlocks);
    return block;
  }

  /** By a quarter at least: each time costs, and pages that are never written to take no memory. */
  private growTo(bytes: number): void {
    const held = this.memory.buffer.byteLength;
    if (bytes > held) {
      this.memory.grow(Math.ceil(Math.max(bytes - held, held / 4) / pageBytes));
    }
  }

  /** A new view each time: growing the memory detaches the old ones. */
  private vectorAt(address: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, this.dimensions);
  }
}

function addressOf({ blocks }: Partition, row: number, vectorBytes: number): number {
  return blocks[Math.floor(row / rowsPerBlock)]! + (row % rowsPerBlock) * vectorBytes;
}

/** The best `k` of what is offered, in order. */
class BestNeighbours {
  readonly neighbours: Neighbour[] = [];

  constructor(private readonly k: number) {}

  offer(photoId: PhotoId, similarity: number): void {
    const { neighbours, k } = this;
    const worst = neighbours[k - 1];
    if (worst && similarity < worst.similarity) {
      return;
    }
    const candidate = { photoId, similarity };
    const place = neighbours.findIndex((neighbour) => compareNeighbours(candidate, neighbour) < 0);
    neighbours.splice(place === -1 ? neighbours.length : place, 0, candidate);
    neighbours.length = Math.min(neighbours.length, k);
  }
}
