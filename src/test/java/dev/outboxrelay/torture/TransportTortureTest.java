// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every transport under the faults that TCP is tried by, with the real broker: {@code mvn verify
 * -Pfull -Dtest=TransportTortureTest -Dtransports.seconds=… -Dtransports.only=… -Dtorture.seed=…}.
 */
@Tag("alone")
@Tag("full")
@Timeout(value = 10, unit = TimeUnit.HOURS)
final class TransportTortureTest {

  /** Only these, by their names with commas between. */
  private static final String ONLY = System.getProperty("transports.only", "");

  /** Transports, each as its broker may keep messages. */
  enum Kind {
    HTTP((taker, directory) -> new HttpFarEnd(taker)),
    KAFKA((taker, directory) -> new KafkaFarEnd()),
    NATS((taker, directory) -> new NatsFarEnd(directory)),
    RABBIT_CLASSIC((taker, directory) -> new RabbitFarEnd(directory, "classic")),
    RABBIT_QUORUM((taker, directory) -> new RabbitFarEnd(directory, "quorum"));

    private final TransportRun.FarEndMaker maker;

    Kind(TransportRun.FarEndMaker maker) {
      this.maker = maker;
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyPromise_underRandomFaults_holds(Kind kind) throws Exception {
    assumeTrue(ONLY.isEmpty() || List.of(ONLY.split(",")).contains(kind.name()), "not asked for");
    int seconds = Integer.getInteger("transports.seconds", 15);
    long seed = Long.getLong("torture.seed", 1);
    String name = kind.name().toLowerCase(Locale.ROOT);
    try (TransportRun run = new TransportRun(name, seed, kind.maker)) {
      Verdict verdict = run.run(seconds);
      String report =
          "torture of "
              + kind
              + ", seed "
              + seed
              + ", "
              + seconds
              + " s"
              + System.lineSeparator()
              + verdict.report();
      Files.writeString(Path.of("target", "torture", "report-" + name + ".txt"), report);
      System.out.println(report);
      assertTrue(verdict.good(), report);
      assertTrue(verdict.committed() > 0 && verdict.faultCount() > 0, report);
    }
  }
}
