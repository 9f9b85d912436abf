import http from 'node:http';
import https from 'node:https';
import { Client } from 'minio';
import { readPublicEndpoint, readS3Address, type S3Address, type S3Endpoint } from './s3-address.js';
import { credentialsSource, type CredentialsSource } from './s3-credentials.js';
import { timedTransport, type Transport } from './timed-transport.js';

/** Requests at once; further ones wait for a connection within their deadline. */
const poolSize = 10;
/** Servers close what is idle for longer: a minute at Ceph, half of one at MinIO. */
const idleLifeMs = 15_000;

export interface S3ConnectionOptions {
  url: string;
  publicUrl: string | undefined;
  credentialsFile: string | undefined;
  timeoutMs: number;
}

interface Clients {
  /** Makes the platform's requests. */
  inside: Client;
  /** Signs links for the address that browsers use; never makes a request. */
  outside: Client;
}

/** The driver's clients, which share ten connections and the credentials of the moment. */
export class S3Connection {
  private readonly address: S3Address;
  private readonly publicEndpoint: S3Endpoint;
  private readonly readCredentials: CredentialsSource;
  private readonly transport: Transport;
  private readonly agent: http.Agent;
  private clients: Promise<Clients> | undefined;

  /** Throws an Error when a URL can't be used. */
  constructor({ url, publicUrl, credentialsFile, timeoutMs }: S3ConnectionOptions) {
    this.address = readS3Address(url);
    this.publicEndpoint = publicUrl === undefined ? this.address : readPublicEndpoint(publicUrl);
    this.readCredentials = credentialsSource(credentialsFile, this.address.credentials);
    this.transport = timedTransport(this.address.useSSL, timeoutMs);
    const { Agent } = this.address.useSSL ? https : http;
    this.agent = new Agent({ keepAlive: true, maxSockets: poolSize, timeout: idleLifeMs });
  }

  get region(): string {
    return this.address.region;
  }

  /** Throws TemporaryError while there are no credentials. */
  async inside(): Promise<Client> {
    return (await this.present()).inside;
  }

  /** Throws TemporaryError while there are no credentials. */
  async outside(): Promise<Client> {
    return (await this.present()).outside;
  }

  /** From now on with the credentials as they are now. Throws TemporaryError while there are none. */
  async renewCredentials(): Promise<void> {
    this.clients = undefined;
    await this.present();
  }

  private present(): Promise<Clients> {
    this.clients ??= this.open().catch((error: unknown) => {
      this.clients = undefined;
      throw error;
    });
    return this.clients;
  }

  private async open(): Promise<Clients> {
    const credentials = await this.readCredentials();
    const open = ({ endPoint, port, useSSL }: S3Endpoint): Client => {
      const client = new Client({
        endPoint,
        port,
        useSSL,
        ...credentials,
        region: this.region, // named, so that nobody asks the server for it
        pathStyle: true,
        transport: this.transport,
        transportAgent: this.agent,
        retryOptions: { disableRetry: true }, // S3Calls repeats
      });
      client.enableSHA256 = true; // over https too: the signature covers the body
      return client;
    };
    return { inside: open(this.address), outside: open(this.publicEndpoint) };
  }
}
