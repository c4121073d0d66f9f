// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.threads.Errors;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes connections: resolves the host's name anew each time, asks the policy about what it stands
 * for now, and tries one address after the other. What may block (names, TLS files) runs on an
 * executor of its own.
 */
public final class Dialer {

  private static final Logger LOG = LoggerFactory.getLogger(Dialer.class);

  private static final int MAX_ADDRESSES = 16;

  private final AddressPolicy policy;
  private final Resolver resolver;
  private final ThreadPoolExecutor blocking;
  private final TlsContexts contexts = new TlsContexts();

  Dialer(AddressPolicy policy, Resolver resolver, ThreadPoolExecutor blocking) {
    this.policy = policy;
    this.resolver = resolver;
    this.blocking = blocking;
  }

  /** Looks up a name; {@link InetAddress#getAllByName} but in tests. */
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  public void dial(Route route, EventLoop loop, DialOutcome outcome) {
    boolean literal = NetUtil.createByteArrayFromIpAddressString(route.endpoint().host()) != null;
    Preparation preparation = new Preparation(route, loop, outcome);
    if (literal && !route.endpoint().secure()) {
      preparation.run();
    } else {
      preparation.runElsewhere();
    }
  }

  /**
   * What may block, for at most the connect timeout as far as the sink is concerned: a name server
   * or a file system that does not answer is a destination that cannot be reached.
   */
  private final class Preparation implements Runnable {
    private final Route route;
    private final EventLoop loop;
    private final DialOutcome outcome;
    private final AtomicBoolean told = new AtomicBoolean();
    private volatile @Nullable Future<?> timer;

    Preparation(Route route, EventLoop loop, DialOutcome outcome) {
      this.route = route;
      this.loop = loop;
      this.outcome = outcome;
    }

    void runElsewhere() {
      FutureTask<?> task = new FutureTask<>(this, null);
      blocking.execute(task);
      timer =
          loop.schedule(
              () ->
                  Defect.guard(
                      () -> tooLate(task), problem -> outcome.failed(Errors.words(problem))),
              route.timeoutMillis(),
              TimeUnit.MILLISECONDS);
    }

    private void tooLate(FutureTask<?> task) {
      if (told.compareAndSet(false, true)) {
        task.cancel(true);
        blocking.remove(task);
        outcome.failed(
            route.endpoint()
                + ": its name was not resolved and its TLS files not read within "
                + route.timeoutMillis()
                + " ms");
      }
    }

    @Override
    public void run() {
      try {
        SslContext tls = route.endpoint().secure() ? contexts.of(route.tls()) : null;
        List<InetAddress> addresses = allowed(route.endpoint().host());
        if (addresses.isEmpty()) {
          fail("the address is not among those that the relay may connect to");
        } else {
          tell(new DialAttempt(route, tls, addresses, loop, outcome)::next);
        }
      } catch (UnknownHostException e) {
        fail("the host name is not known");
      } catch (IllegalArgumentException e) {
        fail(String.valueOf(e.getMessage()));
      } catch (RuntimeException | Error e) {
        // Shown where it belongs: nothing else would tell why the destination stands still.
        Errors.report(e);
        LOG.error("{}: no connection after an error", route.endpoint(), e);
        fail(Errors.words(e));
      }
    }

    private void fail(String why) {
      tell(() -> outcome.failed(route.endpoint() + ": " + why));
    }

    /** A loop that has ended takes nothing; the transport itself then tells the sink's end. */
    private void tell(Runnable news) {
      if (told.compareAndSet(false, true)) {
        try {
          loop.execute(
              () -> {
                Future<?> running = timer;
                if (running != null) {
                  running.cancel(false);
                }
                Defect.guard(news, problem -> outcome.failed(Errors.words(problem)));
              });
        } catch (RejectedExecutionException e) {
          return;
        }
      }
    }
  }

  private List<InetAddress> allowed(String host) throws UnknownHostException {
    List<InetAddress> allowed = new ArrayList<>();
    for (InetAddress address : resolver.resolve(host)) {
      if (policy.allows(host, address) && allowed.size() < MAX_ADDRESSES) {
        allowed.add(address);
      }
    }
    return allowed;
  }
}
