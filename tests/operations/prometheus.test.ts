// The metrics as a Prometheus reads them.
import { describe, expect, it } from 'vitest';
import { prometheusMetrics } from '../../src/operations/prometheus.js';

async function scrape(route: ReturnType<typeof prometheusMetrics>['route']): Promise<string> {
  const request = { method: 'GET', path: '/', query: new URLSearchParams(), headers: {}, body: Buffer.of() };
  return String((await route.handle(request)).body);
}

describe('/metrics', () => {
  it('counts and measures what it was told', async () => {
    let time = 5_000;
    const { metrics, route } = prometheusMetrics(() => time);
    metrics.received('slack', 'accepted', 1);
    metrics.received('slack', 'duplicate', 1);
    metrics.received('slack', 'duplicate', 2);
    metrics.queue(3, 4_000);
    metrics.answered('teams', 'grounded');
    metrics.stage('search', 0.2);
    metrics.tokens(11, 7);
    metrics.delivered('slack', 'answer');
    metrics.notDelivered('slack', 'delivery_rejected');
    metrics.rated('teams', 'unhelpful');
    metrics.breaker('qdrant', 'open');
    metrics.dependency('index', false);
    metrics.index(5, 40, 2);
    metrics.forbidden(3);
    metrics.auditFailed();
    time = 7_000;
    const text = await scrape(route);
    for (const line of [
      'chipwright_messages_total{platform="slack",admission="duplicate"} 2',
      'chipwright_duplicates_total{platform="slack",reason="twin"} 1',
      'chipwright_duplicates_total{platform="slack",reason="retry"} 1',
      'chipwright_queue_depth 3',
      'chipwright_queue_oldest_seconds 3',
      'chipwright_questions_total{platform="teams",outcome="grounded"} 1',
      'chipwright_stage_seconds_bucket{le="0.25",stage="search"} 1',
      'chipwright_stage_seconds_bucket{le="0.1",stage="search"} 0',
      'chipwright_tokens_total{direction="in"} 11',
      'chipwright_tokens_total{direction="out"} 7',
      'chipwright_deliveries_total{platform="slack",kind="answer"} 1',
      'chipwright_delivery_errors_total{platform="slack",code="delivery_rejected"} 1',
      'chipwright_ratings_total{platform="teams",verdict="unhelpful"} 1',
      'chipwright_circuit_breaker_state{dependency="qdrant"} 2',
      'chipwright_dependency_up{dependency="index"} 0',
      'chipwright_index_documents 5',
      'chipwright_index_passages 40',
      'chipwright_index_generation 2',
      'chipwright_forbidden_passages_total 3',
      'chipwright_audit_errors_total 1',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
    metrics.queue(0, undefined);
    expect(await scrape(route)).toMatch(/^chipwright_queue_oldest_seconds 0$/m);
  });

  it('has labels of closed lists alone', async () => {
    const { route } = prometheusMetrics(() => 0);
    const text = await scrape(route);
    const labels = [...text.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label);
    for (const label of labels) expect(label).not.toMatch(/user|channel|thread|message|trace|document|text/);
  });
});
