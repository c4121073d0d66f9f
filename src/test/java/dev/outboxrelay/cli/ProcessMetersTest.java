// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * The meters of the process beside those of the relay, in the order in which a start makes them.
 */
final class ProcessMetersTest {

  @Test
  void registry_ofAStart_warnsOfNothingAndLacksWhatPrometheusRefuses() {
    Logger library = (Logger) LoggerFactory.getLogger("io.micrometer");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    library.addAppender(log);
    try {
      PrometheusMeterRegistry registry = ProcessMeters.registry();
      Readiness readiness = new Readiness(Duration.ofSeconds(10));
      new RelayMetrics(registry).show(readiness, new Health(readiness));
      ProcessMeters.bind(registry);
      String scraped = registry.scrape();
      assertTrue(scraped.contains("process_cpu_usage"), scraped);
      assertFalse(scraped.contains("process_cpu_time"), scraped);
      assertFalse(scraped.contains("system_cpu_count"), scraped);
      assertEquals(
          List.of(),
          log.list.stream().filter(each -> each.getLevel().isGreaterOrEqual(Level.WARN)).toList());
    } finally {
      library.detachAppender(log);
    }
  }
}
