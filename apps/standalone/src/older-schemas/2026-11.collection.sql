-- The collection database as the migrations of commit 55c264b made it (pg_dump, without its comments).
CREATE TABLE public."Categoria" (
    id uuid NOT NULL,
    "ownerId" uuid NOT NULL,
    nome character varying(200) NOT NULL,
    "nomeNormalizado" character varying(400) NOT NULL,
    settings text NOT NULL,
    "createdAt" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."Classifications" (
    id uuid NOT NULL,
    "userId" uuid NOT NULL,
    "imagePath" character varying(200) NOT NULL,
    classe character varying(200) NOT NULL,
    confianca double precision NOT NULL,
    conhecido boolean NOT NULL,
    "modelVersion" character varying(40),
    "timestamp" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."ErrorLog" (
    id uuid NOT NULL,
    msg character varying(2000) NOT NULL,
    reason character varying(400) NOT NULL,
    context text NOT NULL,
    "timestamp" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."Fotos" (
    id uuid NOT NULL,
    "itemId" uuid NOT NULL,
    "ownerId" uuid NOT NULL,
    caminho character varying(400) NOT NULL,
    sha256 character varying(64) NOT NULL,
    bytes integer NOT NULL,
    largura integer NOT NULL,
    altura integer NOT NULL,
    posicao integer NOT NULL,
    "createdAt" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."IdempotencyKeys" (
    id uuid NOT NULL,
    "ownerId" uuid NOT NULL,
    key character varying(200) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    status integer,
    response text,
    "createdAt" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."Items" (
    id uuid NOT NULL,
    "ownerId" uuid NOT NULL,
    nome character varying(200) NOT NULL,
    descricao text,
    busca text,
    "categoriaId" uuid NOT NULL,
    "createdAt" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."Models" (
    version character varying(40) NOT NULL,
    state character varying(12) NOT NULL,
    "createdAt" timestamp(3) with time zone NOT NULL,
    "activatedAt" timestamp(3) with time zone,
    path character varying(200) NOT NULL,
    embeddings character varying(200) NOT NULL,
    reason text
);
CREATE TABLE public."Outbox" (
    id uuid NOT NULL,
    queue character varying(100) NOT NULL,
    "messageName" character varying(100) NOT NULL,
    "messageId" uuid NOT NULL,
    body text NOT NULL,
    traceparent character varying(100),
    "createdAt" timestamp(3) with time zone NOT NULL,
    "sentAt" timestamp(3) with time zone,
    attempts integer NOT NULL
);
CREATE TABLE public."RemovedPhotos" (
    "photoId" uuid NOT NULL,
    "itemId" uuid NOT NULL,
    "removedAt" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public."TemporaryUpload" (
    id uuid NOT NULL,
    path character varying(200) NOT NULL,
    "timestamp" timestamp(3) with time zone NOT NULL,
    classified boolean NOT NULL
);
CREATE TABLE public."Users" (
    id uuid NOT NULL,
    "externalId" character varying(320) NOT NULL,
    email character varying(320) NOT NULL,
    name character varying(200) NOT NULL,
    provider character varying(20) NOT NULL,
    role character varying(20) NOT NULL,
    "passwordHash" character varying(400),
    "createdAt" timestamp(3) with time zone NOT NULL
);
CREATE TABLE public.migrations (
    id integer NOT NULL,
    "timestamp" bigint NOT NULL,
    name character varying NOT NULL
);
CREATE SEQUENCE public.migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.migrations_id_seq OWNED BY public.migrations.id;
ALTER TABLE ONLY public.migrations ALTER COLUMN id SET DEFAULT nextval('public.migrations_id_seq'::regclass);
ALTER TABLE ONLY public."Outbox"
    ADD CONSTRAINT "PK_0da681a4040e6b083519e1ca51d" PRIMARY KEY (id);
ALTER TABLE ONLY public."Users"
    ADD CONSTRAINT "PK_16d4f7d636df336db11d87413e3" PRIMARY KEY (id);
ALTER TABLE ONLY public."Items"
    ADD CONSTRAINT "PK_189aa34dd7379663b1033e37c65" PRIMARY KEY (id);
ALTER TABLE ONLY public."Fotos"
    ADD CONSTRAINT "PK_3ca008ad0526dfb25f0ce10e85a" PRIMARY KEY (id);
ALTER TABLE ONLY public."Categoria"
    ADD CONSTRAINT "PK_62148aceba1dbfe1c5caa3493dc" PRIMARY KEY (id);
ALTER TABLE ONLY public."TemporaryUpload"
    ADD CONSTRAINT "PK_696a688f25c85e62dd7a8414735" PRIMARY KEY (id);
ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY (id);
ALTER TABLE ONLY public."ErrorLog"
    ADD CONSTRAINT "PK_972abeef499db564b068cb8b4c2" PRIMARY KEY (id);
ALTER TABLE ONLY public."IdempotencyKeys"
    ADD CONSTRAINT "PK_98fc327e9c9d7028ec2fdda4bb6" PRIMARY KEY (id);
ALTER TABLE ONLY public."Models"
    ADD CONSTRAINT "PK_c3b8f5e1bfea6b55f419e29e77c" PRIMARY KEY (version);
ALTER TABLE ONLY public."Classifications"
    ADD CONSTRAINT "PK_e53b6cb09c9512be1051ad58de2" PRIMARY KEY (id);
ALTER TABLE ONLY public."RemovedPhotos"
    ADD CONSTRAINT "PK_ecd092e328ecbc8bc06822a3e1a" PRIMARY KEY ("photoId");
CREATE UNIQUE INDEX "IX_Categoria_ownerId_nomeNormalizado" ON public."Categoria" USING btree ("ownerId", "nomeNormalizado");
CREATE INDEX "IX_Classifications_userId_timestamp" ON public."Classifications" USING btree ("userId", "timestamp");
CREATE INDEX "IX_ErrorLog_timestamp" ON public."ErrorLog" USING btree ("timestamp");
CREATE INDEX "IX_Fotos_createdAt" ON public."Fotos" USING btree ("createdAt");
CREATE INDEX "IX_Fotos_itemId_posicao" ON public."Fotos" USING btree ("itemId", posicao);
CREATE INDEX "IX_IdempotencyKeys_createdAt" ON public."IdempotencyKeys" USING btree ("createdAt");
CREATE UNIQUE INDEX "IX_IdempotencyKeys_ownerId_key" ON public."IdempotencyKeys" USING btree ("ownerId", key);
CREATE INDEX "IX_Items_categoriaId_createdAt_id" ON public."Items" USING btree ("categoriaId", "createdAt", id);
CREATE INDEX "IX_Items_ownerId_createdAt_id" ON public."Items" USING btree ("ownerId", "createdAt", id);
CREATE UNIQUE INDEX "IX_Models_one_active" ON public."Models" USING btree (state) WHERE ((state)::text = 'active'::text);
CREATE INDEX "IX_Outbox_sentAt" ON public."Outbox" USING btree ("sentAt");
CREATE INDEX "IX_Outbox_waiting" ON public."Outbox" USING btree (attempts, "createdAt", id) WHERE ("sentAt" IS NULL);
CREATE INDEX "IX_RemovedPhotos_removedAt" ON public."RemovedPhotos" USING btree ("removedAt");
CREATE UNIQUE INDEX "IX_TemporaryUpload_path" ON public."TemporaryUpload" USING btree (path);
CREATE INDEX "IX_TemporaryUpload_timestamp" ON public."TemporaryUpload" USING btree ("timestamp");
CREATE UNIQUE INDEX "IX_Users_provider_externalId" ON public."Users" USING btree (provider, "externalId");
ALTER TABLE ONLY public."Fotos"
    ADD CONSTRAINT "FK_Fotos_Items" FOREIGN KEY ("itemId") REFERENCES public."Items"(id);
ALTER TABLE ONLY public."Items"
    ADD CONSTRAINT "FK_Items_Categoria" FOREIGN KEY ("categoriaId") REFERENCES public."Categoria"(id);
INSERT INTO public.migrations VALUES (1, 1760000000000, 'Identity1760000000000');
INSERT INTO public.migrations VALUES (2, 1760000100000, 'Collection1760000100000');
INSERT INTO public.migrations VALUES (3, 1760000300000, 'RecognitionCollection1760000300000');
SELECT pg_catalog.setval('public.migrations_id_seq', 3, true);
