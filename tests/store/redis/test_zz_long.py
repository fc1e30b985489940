from hypothesis import settings, HealthCheck
from tests.store.redis.test_side_by_side import BothStores
import tests.store.redis.test_side_by_side as m
import collections
C=collections.Counter()
orig=m.SideBySide.ask
def ask(self,f):
    r=orig(self,f); C[f.__code__.co_names[0] if 'store' in f.__code__.co_varnames else '?', r if isinstance(r,str) else type(r).__name__ if not isinstance(r,list) else tuple(type(x).__name__ for x in r)[:1]]+=1
    return r
m.SideBySide.ask=ask
Long=BothStores.TestCase
Long.settings=settings(max_examples=60,stateful_step_count=60,deadline=None,suppress_health_check=list(HealthCheck))
def teardown_module():
    for k,v in sorted(C.items(),key=str): print(k,v)
