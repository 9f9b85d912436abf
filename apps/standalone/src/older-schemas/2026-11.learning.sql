-- The learning database as the migrations of commit 55c264b made it (pg_dump, without its comments).
CREATE TABLE public.augmentation_jobs (
    job_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    item_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    categoria text NOT NULL,
    source_key text NOT NULL,
    source_sha256 text NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    fence integer NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    bad_quality boolean DEFAULT false NOT NULL,
    error_type text,
    error_message text,
    sharpness real,
    brightness real,
    contrast real,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT augmentation_jobs_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'success'::text, 'failed'::text])))
);
CREATE TABLE public.augmentation_results (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    transform text NOT NULL,
    params_hash text NOT NULL,
    params jsonb NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    etag text,
    bytes integer NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    state text NOT NULL,
    error_type text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT augmentation_results_state_check CHECK ((state = ANY (ARRAY['valid'::text, 'invalid_format'::text, 'upload_failed'::text])))
);
CREATE VIEW public."AugmentationMetadata" AS
 SELECT r.id,
    j.job_id,
    j.item_id,
    r.photo_id,
    j.owner_id,
    j.categoria,
    r.transform,
    r.params,
    r.params_hash,
    r.object_key,
    r.sha256,
    r.etag,
    r.bytes,
    r.width,
    r.height,
    r.state,
    r.error_type,
    j.bad_quality,
    r.created_at
   FROM (public.augmentation_results r
     JOIN public.augmentation_jobs j ON ((j.job_id = r.job_id)));
CREATE TABLE public."ModelMetrics" (
    version text NOT NULL,
    run_id uuid NOT NULL,
    accuracy double precision NOT NULL,
    loss double precision NOT NULL,
    val_accuracy double precision NOT NULL,
    val_loss double precision NOT NULL,
    macro_f1 double precision NOT NULL,
    ece double precision NOT NULL,
    report jsonb NOT NULL,
    confusion jsonb NOT NULL,
    lineage jsonb NOT NULL,
    "timestamp" timestamp with time zone NOT NULL
);
CREATE TABLE public.augmentation_metrics (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    photo_id uuid NOT NULL,
    tempo integer NOT NULL,
    file_size bigint NOT NULL,
    stages jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.augmentation_metrics ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.augmentation_metrics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.augmentation_results ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.augmentation_results_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.embedding_cache (
    sha256 text NOT NULL,
    backbone text NOT NULL,
    vector bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.embedding_cache ALTER COLUMN vector SET STORAGE EXTERNAL;
CREATE TABLE public.inbox (
    message_id uuid NOT NULL,
    queue text NOT NULL,
    body_hash text NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    handled_at timestamp with time zone
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
CREATE TABLE public.photo_embeddings (
    photo_id uuid NOT NULL,
    backbone text NOT NULL,
    item_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    sha256 text NOT NULL,
    vector bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.photo_embeddings ALTER COLUMN vector SET STORAGE EXTERNAL;
CREATE TABLE public.removed_photos (
    photo_id uuid NOT NULL,
    removed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.training_new_photos (
    photo_id uuid NOT NULL,
    arrived_at timestamp with time zone NOT NULL
);
CREATE TABLE public.training_runs (
    id uuid NOT NULL,
    status text NOT NULL,
    motivo text,
    requested_by uuid,
    requested_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    reason_code text,
    reason text,
    model_version text,
    progress jsonb,
    lease_until timestamp with time zone,
    fence integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    photos integer,
    CONSTRAINT training_runs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'refused'::text, 'failed'::text, 'cancelled'::text])))
);
ALTER TABLE ONLY public.migrations ALTER COLUMN id SET DEFAULT nextval('public.migrations_id_seq'::regclass);
ALTER TABLE ONLY public."ModelMetrics"
    ADD CONSTRAINT "ModelMetrics_pkey" PRIMARY KEY (version);
ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY (id);
ALTER TABLE ONLY public.augmentation_jobs
    ADD CONSTRAINT augmentation_jobs_photo_id_key UNIQUE (photo_id);
ALTER TABLE ONLY public.augmentation_jobs
    ADD CONSTRAINT augmentation_jobs_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.augmentation_metrics
    ADD CONSTRAINT augmentation_metrics_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.augmentation_results
    ADD CONSTRAINT augmentation_results_photo_id_transform_params_hash_key UNIQUE (photo_id, transform, params_hash);
ALTER TABLE ONLY public.augmentation_results
    ADD CONSTRAINT augmentation_results_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.embedding_cache
    ADD CONSTRAINT embedding_cache_pkey PRIMARY KEY (sha256, backbone);
ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY public.photo_embeddings
    ADD CONSTRAINT photo_embeddings_pkey PRIMARY KEY (photo_id, backbone);
ALTER TABLE ONLY public.removed_photos
    ADD CONSTRAINT removed_photos_pkey PRIMARY KEY (photo_id);
ALTER TABLE ONLY public.training_new_photos
    ADD CONSTRAINT training_new_photos_pkey PRIMARY KEY (photo_id);
ALTER TABLE ONLY public.training_runs
    ADD CONSTRAINT training_runs_pkey PRIMARY KEY (id);
CREATE INDEX augmentation_jobs_lease ON public.augmentation_jobs USING btree (lease_until) WHERE (status = 'processing'::text);
CREATE INDEX augmentation_metrics_job ON public.augmentation_metrics USING btree (job_id);
CREATE INDEX augmentation_results_job ON public.augmentation_results USING btree (job_id);
CREATE INDEX augmentation_results_object_key ON public.augmentation_results USING btree (object_key);
CREATE INDEX augmentation_results_sha256 ON public.augmentation_results USING btree (sha256);
CREATE INDEX photo_embeddings_sha256 ON public.photo_embeddings USING btree (sha256);
CREATE UNIQUE INDEX training_runs_one_running ON public.training_runs USING btree ((true)) WHERE (status = 'running'::text);
CREATE INDEX training_runs_requested_at ON public.training_runs USING btree (requested_at DESC);
ALTER TABLE ONLY public.augmentation_metrics
    ADD CONSTRAINT augmentation_metrics_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.augmentation_jobs(job_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.augmentation_results
    ADD CONSTRAINT augmentation_results_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.augmentation_jobs(job_id) ON DELETE CASCADE;
INSERT INTO public.migrations VALUES (1, 1760000200000, 'Augmentation1760000200000');
INSERT INTO public.migrations VALUES (2, 1760000300000, 'RecognitionLearning1760000300000');
SELECT pg_catalog.setval('public.migrations_id_seq', 2, true);
