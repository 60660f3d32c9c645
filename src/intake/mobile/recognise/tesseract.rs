//! Tesseract as a process of its own: the image goes in, text comes out, or it is killed.
//!
//! It must never take more of the machine than two processors' work, nor believe that the program ends by
//! itself.

use super::Recogniser;
use super::text::TEXT_LIMIT;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

/// Photos that are read at the same time: each takes a processor for some seconds.
const AT_ONCE: usize = 2;

/// How long one photo may take: a dozen times what a good one does.
const TIME: Duration = Duration::from_secs(20);

/// How long a photo waits for its turn: after that the applicant types faster.
const TURN: Duration = Duration::from_secs(10);

/// The languages that help, the best first.
const LANGUAGES: [&str; 2] = ["spa", "eng"];

/// Reads with Tesseract; clones share the limit.
#[derive(Debug, Clone)]
pub struct Tesseract {
    program: PathBuf,
    languages: String,
    places: Arc<Semaphore>,
    time: Duration,
}

/// Why Tesseract cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NoTesseract {
    /// The program cannot be run.
    #[error("run {program}: install tesseract-ocr, or set `mobile.recogniser = \"none\"`", program = .program.display())]
    Missing {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The program has none of the languages.
    #[error("find a language of Tesseract: install tesseract-ocr-spa")]
    NoLanguage,
}

impl Tesseract {
    /// Finds the program and its languages.
    ///
    /// # Errors
    /// It cannot be run, or has no language of use.
    pub async fn find(program: &Path) -> Result<Self, NoTesseract> {
        let mut asking = command(program);
        let asked = asking.arg("--list-langs").stdin(Stdio::null()).stdout(Stdio::piped()).output();
        let missing = |source| NoTesseract::Missing { program: program.to_owned(), source };
        let too_slow = |_elapsed| missing(std::io::ErrorKind::TimedOut.into());
        let said = tokio::time::timeout(TIME, asked).await.map_err(too_slow)?.map_err(missing)?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let is_there = |language: &&str| said.lines().any(|line| line.trim() == *language);
        let languages: Vec<_> = LANGUAGES.into_iter().filter(|language| is_there(language)).collect();
        if languages.is_empty() {
            return Err(NoTesseract::NoLanguage);
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { program: program.to_owned(), languages: languages.join("+"), places, time: TIME })
    }

    async fn text(&self, image: Bytes) -> Option<String> {
        let waited = tokio::time::timeout(TURN, self.places.acquire()).await;
        let _place = waited.inspect_err(|_elapsed| tracing::warn!("too many photos wait to be read")).ok()?;
        let read = tokio::time::timeout(self.time, self.run(&image)).await;
        match read {
            Ok(Ok(text)) => Some(text),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a photo could not be read");
                None
            }
            Err(_elapsed) => {
                tracing::warn!("a photo took too long to read");
                None
            }
        }
    }

    /// Runs the program; it is killed when this is dropped.
    async fn run(&self, image: &[u8]) -> std::io::Result<String> {
        let mut command = command(&self.program);
        command.args(["stdin", "stdout", "-l", &self.languages]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let feed = async {
            if let Some(mut input) = input {
                // A program that has seen enough closes its input.
                let _gone = input.write_all(image).await;
            }
        };
        let hear = async {
            let mut text = Vec::new();
            if let Some(output) = output {
                output.take(TEXT_LIMIT as u64).read_to_end(&mut text).await?;
            }
            Ok::<_, std::io::Error>(text)
        };
        let ((), text) = tokio::join!(feed, hear);
        let text = text?;
        // It may have more to say than anybody wants to hear, and would wait for ever to say it.
        let _gone = child.start_kill();
        child.wait().await?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl Recogniser for Tesseract {
    fn read(&self, image: Bytes) -> BoxFuture<'_, Option<String>> {
        Box::pin(self.text(image))
    }
}

/// The program with one thread, no say and no longer a life than ours.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("OMP_THREAD_LIMIT", "1").stderr(Stdio::null()).kill_on_drop(true);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::mobile::recognise::text;
    use std::os::unix::fs::PermissionsExt as _;

    const FRONT: &[u8] = include_bytes!("../../../../tests/fixtures/photos/front.png");
    const BLURRED: &[u8] = include_bytes!("../../../../tests/fixtures/photos/blurred.jpg");

    /// A program that lists its languages and then does what the script says.
    fn fake(script: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("tesseract");
        let text = format!(
            "#!/bin/sh\nif [ \"$1\" = --list-langs ]; then echo 'List (2):'; echo eng; echo spa; exit; fi\n{script}\n"
        );
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, program)
    }

    async fn read(script: &str, image: &'static [u8]) -> Option<String> {
        let (_folder, program) = fake(script);
        let mut tesseract = Tesseract::find(&program).await.unwrap();
        tesseract.time = Duration::from_secs(2);
        tesseract.read(Bytes::from_static(image)).await
    }

    #[tokio::test]
    async fn the_image_goes_in_and_the_text_comes_out() {
        let said = read("echo \"$@\"; wc -c", FRONT).await.unwrap();
        assert_eq!(
            said.split_whitespace().collect::<Vec<_>>().join(" "),
            format!("stdin stdout -l spa+eng {}", FRONT.len())
        );
    }

    #[tokio::test]
    async fn a_program_that_misbehaves_is_given_up() {
        assert_eq!(read("exec sleep 60", FRONT).await, None);
        let flood = read("exec yes", FRONT).await.unwrap();
        assert_eq!(flood.len(), TEXT_LIMIT);
        assert_eq!(read("exit 1", FRONT).await.as_deref(), Some(""));
        assert_eq!(
            read("exec 0<&-; echo heard enough", &[7; 1 << 20]).await.as_deref(),
            Some("heard enough\n")
        );
        let missing = Tesseract::find(Path::new("/nowhere/tesseract")).await.unwrap_err();
        assert!(missing.to_string().starts_with("run /nowhere/tesseract: install"), "{missing}");
    }

    #[tokio::test]
    async fn two_are_read_at_a_time() {
        let (folder, program) = fake("mkdir \"$0.$$\"; ls -d \"$0\".* | wc -l; sleep 0.3; rmdir \"$0.$$\"");
        let tesseract = Tesseract::find(&program).await.unwrap();
        let reads = (0..6).map(|_| tesseract.read(Bytes::from_static(b"x")));
        let said: Vec<_> = futures_util::future::join_all(reads).await.into_iter().flatten().collect();
        assert_eq!(said.len(), 6);
        let most = said.iter().filter_map(|said| said.trim().parse::<usize>().ok()).max();
        assert!(most.is_some_and(|most| most <= AT_ONCE), "{said:?}");
        drop(folder);
    }

    /// Says it past the capture of a test that passes.
    fn say(line: &str) {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "{line}").unwrap();
    }

    /// The real program, where it is installed: `apt-get install tesseract-ocr tesseract-ocr-spa`.
    #[tokio::test]
    async fn a_drawn_card_is_read_by_the_real_program() {
        let tesseract = match Tesseract::find(Path::new("tesseract")).await {
            Ok(tesseract) => tesseract,
            Err(missing) => {
                assert!(std::env::var_os("WITH_TESSERACT").is_none(), "{missing}");
                return say(&format!("SKIPPED, no card was read: {missing}"));
            }
        };
        let said = tesseract.read(Bytes::from_static(FRONT)).await.unwrap();
        let today = jiff::civil::date(2026, 11, 25);
        let reading = text::read(&said, today);
        assert_eq!(reading.recognised.name, "MARICELA CONTRERAS ROJAS", "{said}");
        assert_eq!(reading.recognised.number, "CORM770627MDFNJR01", "{said}");
        assert!(reading.is_sure);
        let said = tesseract.read(Bytes::from_static(BLURRED)).await.unwrap();
        assert!(!text::read(&said, today).is_sure, "{said}");
    }
}
