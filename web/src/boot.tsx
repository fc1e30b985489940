/** From nothing to a running session: where the server is, then connect. */
import { Line, RandomChatSession, VideoCallSession, type ServerConfig } from "@duologue/client";
import { browserEnvironment, loadConfig } from "@duologue/client/browser";
import { ServerOff } from "lucide-react";
import { useEffect, useState, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { App } from "./app";
import { LazyMedia } from "./media";
import { Dock } from "./ui/dock";
import { AUTO_NEXT_MS } from "./view";

interface Running {
  readonly config: ServerConfig;
  readonly session: RandomChatSession;
  readonly calls: VideoCallSession;
  readonly media: LazyMedia;
}

export function Boot(): ReactElement | null {
  const [running, setRunning] = useState<Running | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    loadConfig().then(
      (config) => setRunning(run(config)),
      () => setFailed(true),
    );
  }, []);
  if (failed) return <NoServer />;
  if (running === null) return null;
  const { config, session, calls, media } = running;
  return <App session={session} calls={calls} whoCalls={whoCalls(config)} devices={media} modes={config.modes} reportReasons={config.report_reasons ?? []} />;
}

function run(config: ServerConfig): Running {
  const media = new LazyMedia();
  const line = new Line({ config, media, environment: browserEnvironment(config), autoNextMs: AUTO_NEXT_MS, standBy: whoCalls(config) !== "nobody" });
  const [session, calls] = [new RandomChatSession(line), new VideoCallSession(line)];
  session.start();
  Object.assign(window, { duologue: { session, calls, media } }); // for the console of whoever looks into a problem
  return { config, session, calls, media };
}

function whoCalls({ calls }: ServerConfig): NonNullable<ServerConfig["calls"]> {
  return calls ?? "nobody";
}

function NoServer(): ReactElement {
  const { t } = useTranslation();
  const reload = (): void => location.reload();
  const dock = { go: { action: "reload", label: "go.try_again", seconds: null, filled: 0 }, stop: null } as const;
  return (
    <main className="app" data-phase="start" data-screen="refused" data-layout="form">
      <div className="stage">
        <div className="message">
          <ServerOff className="icon" aria-hidden="true" />
          <div className="message__words" role="alert">
            <h1>{t("refused.config.title")}</h1>
            <p className="lead">{t("refused.config.lead")}</p>
          </div>
        </div>
      </div>
      <Dock view={dock} go={reload} stop={reload} />
    </main>
  );
}
