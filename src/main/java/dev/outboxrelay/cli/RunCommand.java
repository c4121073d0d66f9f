// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.console.Console;
import dev.outboxrelay.console.Rates;
import dev.outboxrelay.relay.Relay;
import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.relay.events.FanOut;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "run",
    description = {
      "Runs the relay, until SIGTERM.",
      "Waits for a database that is not there; ends with one line and an exit code when the",
      "credentials, the schema or a setting are wrong."
    })
final class RunCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);
  private static final int SINK_THREADS = 2;

  /** What a stop may take beyond the wait for answers: closing sessions and sockets. */
  private static final Duration CLOSING_TIME = Duration.ofMillis(2500);

  @Mixin DatabaseOptions database = new DatabaseOptions();
  @Mixin RelayOptions options = new RelayOptions();
  @Mixin HttpOptions http = new HttpOptions();
  @Mixin ConsoleOptions consoleOptions = new ConsoleOptions();
  @Mixin ConfigOptions configuration = new ConfigOptions();
  @Mixin CommonOptions common = new CommonOptions();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    common.apply();
    HangupSignal.on(new LevelAgain(spec));
    ProcessEnd.threadsMustLive();
    DatabaseAccess access = database.access();
    RelayConfig config = options.config(access);
    AddressPolicy policy = options.policy();
    Secrets secrets = options.secrets(database.passwordFile);
    PrometheusMeterRegistry registry = ProcessMeters.registry();
    RelayMetrics metrics = new RelayMetrics(registry);
    Rates rates = new Rates();
    Readiness readiness = new Readiness(bellWithin(config));
    Health health = new Health(readiness);
    metrics.show(readiness, health);
    Optional<CredentialsCopy> copy =
        CredentialsCopy.of(database.passwordFile, Environment.of(spec));
    Ending ending = new Ending(access, copy);
    try (StopSignal stop = StopSignal.listen(config.stopTimeout().plus(CLOSING_TIME));
        HttpEndpoint endpoint = endpoint(registry, health);
        Console console = consoleOptions.start(access, config.name(), rates)) {
      LOG.info("relay {}: database {} as {}", config.name(), access.location(), access.user());
      ending.decided().thenRun(stop::wake);
      DatabaseGate gate =
          new DatabaseGate(
              access,
              stop::pause,
              (reason, refused) -> {
                readiness.waits(reason);
                if (refused) {
                  ending.loginRefused(reason);
                }
              });
      if (copy.isPresent() && copy.get().isStartedAgain()) {
        gate.trustLogin();
      }
      if (gate.isReadyForSessions() && stop.hold()) {
        try (Transport transport = Transports.open(SINK_THREADS, policy, secrets);
            Observer observer =
                endpoint == null
                    ? null
                    : Observer.start(config.database(), new OwedMeters(registry)::show)) {
          LoopWatch loops = new LoopWatch(transport, System::nanoTime);
          health.watch(loops);
          deliver(
              config,
              transport,
              new FanOut(events(List.of(new RelayLog(), metrics, readiness, loops, ending), rates)),
              stop);
        }
      }
      UserError error = ending.decided().getNow(null);
      if (error != null) {
        throw error;
      }
    }
    return ExitCode.OK;
  }

  /** Nothing is counted for a console that is not there. */
  private List<RelayEvents> events(List<RelayEvents> always, Rates rates) {
    return consoleOptions.console == null
        ? always
        : Stream.concat(always.stream(), Stream.of(new ConsoleRates(rates))).toList();
  }

  /**
   * It is rung six times as often. A listener that is deaf is given up sooner; this is for one
   * whose bell cannot be rung.
   */
  private static Duration bellWithin(RelayConfig config) {
    return config.database().silenceLimit().multipliedBy(2);
  }

  private static void deliver(
      RelayConfig config, Transport transport, RelayEvents events, StopSignal stop)
      throws InterruptedException {
    Relay relay = new Relay(config, transport, events);
    relay.start();
    stop.await();
    LOG.info("stopping");
    relay.stop();
    LOG.info("stopped");
  }

  private @Nullable HttpEndpoint endpoint(PrometheusMeterRegistry registry, Health health) {
    if (http.port == null) {
      return null;
    }
    ProcessMeters.bind(registry);
    HttpEndpoint endpoint = HttpEndpoint.start(http.host, http.port, registry, health);
    LOG.info("metrics and health on http://{}:{}", http.host, endpoint.port());
    return endpoint;
  }
}
