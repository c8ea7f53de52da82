package ai.llm360.analysis.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxTest {

    private static final SandboxLimits LIMITS =
            new SandboxLimits(Duration.ofMillis(1500), 256L << 20, 8, 1 << 20);

    /** Outside a namespace the user's other processes count too, so it may not get its second. */
    private static final String FORK_AND_LOOP =
            "import os\ntry: os.fork()\nexcept OSError: pass\nwhile True: pass";

    private static Sandbox sandbox;

    @BeforeAll
    static void open() {
        try {
            sandbox = Sandbox.open(LIMITS, false);
        } catch (IOException e) {
            abort("this machine has no python3, or no namespaces: " + e.getMessage());
        }
    }

    @AfterAll
    static void close() throws IOException {
        if (sandbox != null) {
            sandbox.close();
        }
    }

    @Test
    void a_right_solution_passes() throws IOException {
        assertThat(run("def add(a, b):\n    return a + b\n\nassert add(2, 3) == 5"))
                .isEqualTo(new Verdict(true, ""));
        assertThat(run("open('mine', 'w').write('é')\nassert open('mine').read() == 'é'").passed())
                .isTrue();
        assertThat(run("assert __name__ != '__main__'").passed()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "assert 1 == 2, 'no' | AssertionError: no",
                "def f(: | SyntaxError",
                "exit(0) | SystemExit: 0",
                "import os; os._exit(0) | ended early, with status 0",
                "while True: pass | not ended after 1.5 s",
                "import time; time.sleep(100) | not ended after 1.5 s",
                "x = bytearray(300 << 20) | MemoryError",
                "x = []\\nwhile True: x.append('a' * 1000000) | MemoryError",
                "open('/outside', 'w') | Read-only file system",
                "open('../outside', 'w') | Read-only file system",
                "open('/tmp/outside', 'w') | No such file",
                "open('/usr/lib/outside', 'w') | Read-only file system",
                "open('/etc/passwd').read() | No such file",
                "open('/proc/self/environ').read() | No such file",
                "open('big', 'w').write('a' * (2 << 20)) | File too large",
                "import socket; socket.socket() | a socket was opened",
                "input() | EOF",
                "import os; assert os.environ.get('PATH') | AssertionError",
            })
    void what_goes_beyond_its_limits_fails(String program, String detail) throws IOException {
        Verdict verdict = run(program.replace("\\n", "\n"));

        assertThat(verdict.passed()).isFalse();
        assertThat(verdict.detail()).contains(detail);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "import os\nwhile True: os.fork()",
                "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
                "import os, time\n[os.fork() for _ in range(2)]\nos.setsid()\ntime.sleep(100)",
                "import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
                        + "while True: pass",
            })
    void no_process_outlives_a_program(String program) throws IOException {
        assertThat(run(program).passed()).isFalse();

        assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive))
                .noneMatch(left -> left.info().commandLine().orElse("").contains("run to its end"));
        assertThat(run("pass").passed()).isTrue();
    }

    @Test
    void an_endless_error_is_cut() throws IOException {
        String program = "import sys\nwhile True: sys.stderr.write('a' * 10000)";

        assertThat(run(program).detail()).isEqualTo("not ended after 1.5 s");
        assertThat(run("raise ValueError('b' * 100000)").detail()).hasSizeLessThan(600);
    }

    @Test
    void it_says_which_limits_were_seen_in_force() {
        Confinement seen = sandbox.confinement();

        assertThat(seen.files()).isTrue();
        assertThat(seen.network()).isTrue();
        assertThat(seen.processTree()).isTrue();
        assertThat(seen.memory()).isEqualTo(LIMITS.memory());
        assertThat(seen.processes()).isEqualTo(LIMITS.processes());
        assertThat(seen.fileSize()).isEqualTo(LIMITS.fileSize());
        assertThat(seen.missing()).isEmpty();
    }

    @Test
    void without_namespaces_it_runs_nothing_unless_that_is_allowed() throws IOException {
        assertThatThrownBy(() -> Sandbox.open(LIMITS, false, "no-such-unshare"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no-such-unshare")
                .hasMessageContaining("unconfined");

        try (Sandbox unconfined = Sandbox.open(LIMITS, true, "no-such-unshare")) {
            Confinement seen = unconfined.confinement();
            assertThat(seen.files()).isFalse();
            assertThat(seen.network()).isFalse();
            assertThat(seen.missing()).contains("no-such-unshare");
            assertThat(seen.memory()).isEqualTo(LIMITS.memory());
            assertThat(unconfined.run("open('mine', 'w').close()").passed()).isTrue();
            assertThat(unconfined.run(FORK_AND_LOOP).detail()).isEqualTo("not ended after 1.5 s");
        }
    }

    @Test
    void limits_that_python_cant_start_in_are_refused() {
        assertThatThrownBy(() -> new SandboxLimits(Duration.ZERO, 1L << 30, 1, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SandboxLimits(Duration.ofSeconds(1), 1, 1, 1))
                .hasMessageContaining("64 MiB");
    }

    private static Verdict run(String program) throws IOException {
        return sandbox.run(program);
    }
}
