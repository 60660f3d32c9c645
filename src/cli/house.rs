//! The wiring: settings in, a server out.

mod app;

use super::sandbox::{PASSWORD, USERNAME, millis, write_key};
use crate::api::serve::Server;
use crate::api::session::Apps;
use crate::callback::{Callbacks, pull};
use crate::clock;
use crate::config::{
    Agreements, AllLimits, Breaker, Encoding, Extractor, Limits, Patience, Provider, Roles, SecretText,
    Settings,
};
use crate::engine::archive::Archive;
use crate::engine::retention::Retention;
use crate::engine::{Engine, Given};
use crate::engine::{migration, outage};
use crate::intake::reception::Reception;
use crate::intake::routes::{Door, routes};
use crate::machine::call::System;
use crate::machine::graph::MACHINES;
use crate::provider::client::{Account, Client};
use crate::provider::wire::Opaque;
use crate::provider::{audit, client, prepare, transport};
use crate::sandbox::partner;
use crate::sandbox::serve::serve;
use crate::sandbox::{Pace, Sandbox};
use crate::store::Store;
use crate::store::disk::{self, DiskStore};
use crate::store::upkeep::Progress;
use crate::telemetry::metrics::{self as told, Teller};
use crate::vault::{MasterKey, Random, Vault};
use anyhow::{Context, bail};
use axum::Router;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often an opening that takes long says what it is at.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

/// How often what was measured is put into its buckets.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// A server that is open and not yet serving.
pub(super) struct House {
    listener: TcpListener,
    address: SocketAddr,
    store: Arc<DiskStore>,
    engine: Engine<DiskStore>,
    callbacks: Callbacks<DiskStore>,
    http: Router,
    agreements: Agreements,
    apps: Apps,
    roles: Roles,
    teller: Teller,
    drain_delay: Duration,
}

impl House {
    /// Opens everything that the settings name: keys, store, engine, client, port.
    pub(super) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        Self::open_with(settings, |archive, random| connect(&settings.provider, archive, random)).await
    }

    /// Opens everything that the settings name, and calls the provider that `reach` makes.
    pub(super) async fn open_with<P: crate::engine::provider::Provider>(
        settings: &Settings,
        reach: impl FnOnce(Archive<DiskStore>, &Random) -> anyhow::Result<P>,
    ) -> anyhow::Result<Self> {
        // Before anything counts.
        let teller = Teller::start();
        let version = env!("CARGO_PKG_VERSION");
        let machines: Vec<_> = MACHINES.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
        metrics::gauge!(told::BUILD, "version" => version, "machines" => machines.join(", ")).set(1.0);
        let random = Random::system();
        let data = &settings.data;
        std::fs::create_dir_all(data).with_context(|| format!("make the folder {}", data.display()))?;
        let mut instance = [0; 16];
        random.fill(&mut instance);
        let options =
            disk::Options { on_progress: Some(Box::new(tell_progress())), ..disk::Options::new(instance) };
        let store = DiskStore::open(data, options);
        let store = Arc::new(store.with_context(|| format!("open the store in {}", data.display()))?);
        let master = master_key(settings, &random)?;
        let vault = Vault::open(data.join("keys"), master, random.clone()).context("open the vault")?;
        let keys = vault.clone();
        store.sync_after(Box::new(move || Ok(keys.sync()?)));
        let archive = Archive::new(Arc::clone(&store), vault.clone(), random.clone());
        let client = reach(archive, &random)?;
        say_what_is_there(&*store)?;
        let partners = settings.callbacks().context("tell the partners")?;
        let chance = random.clone();
        let limits = limits(&settings.provider);
        let (policy, products) = (settings.policy(), settings.products());
        let admitted = migration::admit(&*store, &products);
        admitted.with_context(|| format!("take up what is stored in {}", data.display()))?;
        let retention = Retention { archive_after: settings.archive_after };
        let kept = Arc::clone(&store);
        let given = Given { store, vault, random, policy, products, limits, retention };
        let engine = Engine::start(given, client).context("start the engine")?;
        let listener = TcpListener::bind(settings.listen);
        let listener = listener.await.with_context(|| format!("listen on {}", settings.listen))?;
        let address = listener.local_addr().context("listen")?;
        let http = intake(&engine, settings)?.merge(pull::routes(&engine, &partners));
        let links = engine.links(&settings.public_url(address), settings.mobile.photo_ttl);
        let http = http.merge(app::routes(&engine, settings, &links).await?);
        let apps = Apps::new(settings, &engine, links);
        let callbacks = Callbacks::start(engine.clone(), &partners, &chance).await;
        let callbacks = callbacks.context("start the callbacks")?;
        let (agreements, drain_delay) = (settings.agreements.clone(), settings.drain_delay);
        let roles = Roles::new(settings.role.clone());
        Ok(Self {
            store: kept,
            listener,
            address,
            engine,
            callbacks,
            http,
            agreements,
            apps,
            roles,
            teller,
            drain_delay,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` comes, or until the engine stops by itself, which is a failure.
    pub(super) async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> anyhow::Result<ExitCode> {
        let Self {
            store,
            listener,
            address,
            engine,
            callbacks,
            http,
            agreements,
            apps,
            roles,
            teller,
            drain_delay,
        } = self;
        tracing::info!(%address, "Docket is open");
        let (served, ended) = (engine.clone(), engine.clone());
        let (tell, told) = oneshot::channel::<()>();
        let tidied = teller.clone();
        let tidying = tokio::spawn(async move {
            loop {
                clock::pause(TIDY_EVERY).await;
                tidied.tidy();
            }
        });
        let server = Server::new(served, callbacks.clone(), http, agreements, apps, roles, Some(teller));
        let health = server.health();
        health.set(true).await;
        let server = tokio::spawn(server.serve(listener, async {
            let _gone = told.await;
        }));
        let failure = tokio::select! {
            () = stop => None,
            why = ended.stopped() => Some(why),
        };
        tracing::info!("Docket closes");
        health.set(false).await;
        if failure.is_none() {
            // Whoever sends requests here must have seen it before they are refused.
            clock::pause(drain_delay).await;
        }
        let _gone = tell.send(());
        let (served, ()) = tokio::join!(server, callbacks.stop());
        served.context("serve")?.context("serve")?;
        engine.stop().await;
        tidying.abort();
        let closed = store.finish().context("close the store");
        match failure {
            None => closed.map(|()| ExitCode::SUCCESS),
            Some(why) => bail!("go on: {why}"),
        }
    }
}

/// The routes of every partner.
fn intake(engine: &Engine<DiskStore>, settings: &Settings) -> anyhow::Result<Router> {
    let mut doors = Vec::new();
    for partner in &settings.partner {
        let product = settings.product.iter().find(|product| product.name == partner.product);
        let amount_fen = product.and_then(|product| product.amount_fen);
        doors.push(Door {
            partner: partner.name.clone(),
            pushes: partner.pushes().context("take pushes in")?,
            app_download_url: product.and_then(|product| product.app_download_url.clone()),
            desk: Reception::new(engine.clone(), partner.product.clone(), amount_fen),
        });
    }
    Ok(routes(doors))
}

/// What the provider's systems may be asked, and when one is taken to be down.
fn limits(provider: &Provider) -> outage::Settings {
    let Breaker { failures, pause_min, pause_max, longest_outage } = provider.breaker;
    let of = |system| {
        let Limits { concurrency, calls_per_s, burst } = provider.limits.of(system);
        let (concurrency, calls_per_s, burst) = (concurrency.get(), calls_per_s.get(), burst.get());
        (system, outage::Limits { concurrency, calls_per_s, burst })
    };
    outage::Settings {
        limits: System::ALL.into_iter().map(of).collect(),
        tolerance: outage::Tolerance {
            failures: failures.get(),
            pause_min,
            pause_max,
            longest: longest_outage,
        },
    }
}

fn connect(
    provider: &Provider,
    archive: Archive<DiskStore>,
    random: &Random,
) -> anyhow::Result<impl crate::engine::provider::Provider + use<>> {
    let file = &provider.public_key;
    let public_key = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let transport = transport::transport(&transport::Settings {
        base_url: provider.address.clone(),
        total_timeout: provider.timeout,
        // What the gates let through is never refused here.
        concurrency: limits(provider).concurrency(),
        ..transport::Settings::default()
    })?;
    let settings = client::Settings {
        account: Account {
            username: provider.username.clone(),
            password: provider.password.to_secret(),
            hours: provider.token_hours,
        },
        dialect: prepare::Dialect {
            encoding: match provider.encoding {
                Encoding::Json => prepare::Encoding::Json,
                Encoding::Form => prepare::Encoding::Form,
            },
            degree_login_path: provider.degree_login_path.clone(),
            degree_state_username: provider.degree_state_username,
            audit: prepare::AuditDialect {
                extractor: match provider.extractor {
                    Extractor::TaskData => prepare::Extractor::TaskData,
                    Extractor::None => prepare::Extractor::None,
                },
                bills_in_yuan: provider.bills_in_yuan,
                empty_lists: provider.empty_lists,
            },
        },
        audit_cipher: audit::AuditCipher::Pkcs1 { public_key },
    };
    let mut seed = [0; 32];
    random.fill(&mut seed);
    let randomness = ChaCha20Rng::from_seed(seed);
    Client::new(transport, Arc::new(archive), settings, Arc::new(clock::now), randomness)
        .with_context(|| format!("use the provider's public key in {}", file.display()))
}

/// The master key: from the settings, from its file, or made anew in the data folder.
fn master_key(settings: &Settings, random: &Random) -> anyhow::Result<MasterKey> {
    if let Some(text) = &settings.master_key {
        return MasterKey::from_text(text.expose()).context("use the master key of the settings");
    }
    let beside = settings.data.join("keys").join("master.key");
    let file = settings.master_key_file.as_deref().unwrap_or(&beside);
    if file.exists() {
        return MasterKey::from_file(file)
            .with_context(|| format!("use the master key in {}", file.display()));
    }
    if settings.master_key_file.is_some() {
        bail!("use the master key in {}: there is no such file", file.display());
    }
    if settings.data.join("keys").join("master.check").exists() {
        bail!(
            "find the master key: {} is gone; put it back, without it nothing sealed can be read",
            file.display()
        );
    }
    tracing::info!(file = %file.display(), "a master key was made beside the data: keep a copy elsewhere");
    MasterKey::generate(file, random).with_context(|| format!("make a master key in {}", file.display()))
}

/// Tells what the store holds, and that nothing in it waits without a wake-up.
fn say_what_is_there<S: Store>(store: &S) -> anyhow::Result<()> {
    let counts = store.counts();
    let audit = store.audit().context("audit the store")?;
    tracing::info!(
        applications = counts.applications,
        live = counts.live,
        moves = counts.moves,
        orphans = audit.orphan_count,
        "the store is open"
    );
    if audit.orphan_count > 0 {
        tracing::error!(orphans = ?audit.orphans, "applications wait without a wake-up");
    }
    Ok(())
}

/// Docket and a sandbox, side by side.
pub(super) struct Pair {
    pub(super) listen: SocketAddr,
    pub(super) data: PathBuf,
    pub(super) sandbox_listen: SocketAddr,
    pub(super) pace: Pace,
    pub(super) seed: u64,
    pub(super) patience: Patience,
    /// Adds to the settings.
    pub(super) furnish: fn(&mut Settings),
}

/// A sandbox that serves.
pub(super) struct OpenSandbox {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Pair {
    /// Opens both.
    pub(super) async fn open(&self) -> anyhow::Result<(House, OpenSandbox)> {
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("make the folder {}", self.data.display()))?;
        let public_key = self.data.join("sandbox-audit-key.pem");
        let sandbox = self.open_sandbox(&public_key).await?;
        let mut settings = Settings {
            listen: self.listen,
            provider: Provider {
                address: format!("http://{}", sandbox.address),
                username: USERNAME.to_owned(),
                password: SecretText::new(PASSWORD.to_owned()),
                public_key,
                limits: if self.pace == Pace::INSTANT { AllLimits::none() } else { AllLimits::default() },
                ..Provider::default()
            },
            patience: self.patience.clone(),
            ..Settings::in_folder(self.data.clone())
        };
        (self.furnish)(&mut settings);
        for called in &mut settings.partner {
            called.callback_url = Some(format!("http://{}{}", sandbox.address, partner::PATH));
            called.callback_secret = Some(SecretText::new(partner::SECRET.to_owned()));
            called.callback_insecure = true;
        }
        let house = House::open(&settings).await?;
        Ok((house, sandbox))
    }

    async fn open_sandbox(&self, public_key: &Path) -> anyhow::Result<OpenSandbox> {
        let sandbox = Sandbox::new(crate::sandbox::Settings {
            seed: self.seed,
            username: USERNAME.to_owned(),
            password: Opaque::from(PASSWORD.to_owned()),
            pace: self.pace,
        });
        write_key(&sandbox, public_key)?;
        let listener = TcpListener::bind(self.sandbox_listen);
        let listener = listener.await.with_context(|| format!("listen on {}", self.sandbox_listen))?;
        let address = listener.local_addr().context("listen")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _gone = stopped.await;
        };
        let serving = tokio::spawn(serve(listener, Arc::new(Mutex::new(sandbox)), millis, shutdown));
        Ok(OpenSandbox { address, stop, serving })
    }
}

impl OpenSandbox {
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn stop(self) {
        let _gone = self.stop.send(());
        let _ended = self.serving.await;
    }
}

/// Logs what an opening is at: each thing once at its beginning, then every two seconds.
fn tell_progress() -> impl Fn(&Progress) + Send + Sync {
    let last = Mutex::new((String::new(), clock::Stopwatch::start()));
    move |progress| {
        let Progress { doing, done, all } = progress;
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *doing != last.0 || last.1.read() >= PROGRESS_EVERY {
            *last = (doing.clone(), clock::Stopwatch::start());
            match all {
                Some(all) => tracing::info!(done, all, "opening the store: {doing}"),
                None => tracing::info!(done, "opening the store: {doing}"),
            }
        }
    }
}
